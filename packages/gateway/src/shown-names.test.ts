import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withoutOthers } from './acme/others-hosts.ts'
import { askingOfIngress, wantsOf } from './acme/wants.ts'
import { firstClaims } from './claims.ts'
import { shownNames } from './shown-names.ts'
import { ingress, prefix, rule } from './testing/ingress.ts'

const claims = firstClaims([
  { host: 'a.org', namespace: 'mine', order: '2' },
  { host: 'a.org', namespace: 'evil', order: '3' },
  { host: 'x.wild.org', namespace: 'mine', order: '2' },
  { host: '*.wide.org', namespace: 'mine', order: '2' },
])
const of = (namespace: string, order: string, ...names: string[]) => ({
  names,
  claimant: { namespace, order },
})

describe('a certificate is shown', () => {
  it('for no host that another namespace named before its object was there', () => {
    const { names, taken, kept } = shownNames([of('evil', '3', 'a.org', 'evil.org', '*.wide.org')], claims)
    assert.deepEqual(names, [['evil.org']])
    assert.deepEqual(
      [...taken[0]!],
      [
        ['a.org', 'mine'],
        ['*.wide.org', 'mine'],
      ],
    )
    assert.deepEqual([...kept], [])
  })

  it('for hosts of the same namespace, of older objects, and that nobody named', () => {
    const all = [of('mine', '9', 'a.org'), of('infra', '1', 'a.org'), of('evil', '9', 'b.org')]
    assert.deepEqual(shownNames(all, claims).names, [['a.org'], ['a.org'], ['b.org']])
    const unasked = shownNames([{ names: ['a.org'], claimant: undefined }], claims)
    assert.deepEqual(unasked.names, [['a.org']])
  })

  it("for no such host by a wildcard either: the own one is kept, or the cloud's", () => {
    const evil = of('evil', '3', '*.wild.org')
    assert.deepEqual([...shownNames([evil], claims).kept], [['x.wild.org', undefined]])
    assert.deepEqual(
      [...shownNames([evil, of('infra', '1', '*.wild.org')], claims).kept],
      [['x.wild.org', 1]],
    )
    assert.deepEqual([...shownNames([evil, of('mine', '4', 'x.wild.org')], claims).kept], [])
    assert.deepEqual([...shownNames([of('infra', '1', '*.wild.org')], claims).kept], [])
  })

  it('by no CA to whoever names a host after another namespace', () => {
    const annotations = { 'brume.dev/certificate': 'acme' }
    const late = ingress(
      'late',
      { rules: [rule('a.org', prefix('/x'))] },
      { annotations, created: '2026-02-01T00:00:00Z' },
    )
    const claim = (namespace: string) => [
      { host: 'a.org', namespace, order: '2026-01-01T00:00:00Z mine/web' },
    ]
    const problem = (namespace: string) =>
      wantsOf(withoutOthers([askingOfIngress(late)], claim(namespace)), { all: false }).get('d/late-tls')
        ?.problem
    assert.equal(
      problem('mine'),
      'spec.rules: "a.org" is namespace mine\'s, which had it first; name another host',
    )
    assert.equal(problem('d'), undefined)
  })
})
