// Targets that have changes of headers of their own, as HAProxy itself does it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { RealEdge } from '@brume/testkit/real-edge'
import type { HeaderChanges, Rule, Target } from '../model.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const NONE: HeaderChanges = { set: [], add: [], remove: [] }
const ODD = `a'b"c\\d %[src] %% \${HOME} # x`

describe('a rule', { skip, timeout: 120_000 }, () => {
  const edge = new RealEdge()
  const ask = edge.ask.bind(edge)

  /** A host for each rule. */
  async function serve(rules: Record<string, Partial<Rule>>): Promise<void> {
    const routes = Object.entries(rules).map(([name, more]) =>
      edge.route(`${name}.example`, '/', edge.rule('echo', { id: `test/${name}`, ...more })),
    )
    await edge.apply(edge.model(...routes))
  }

  before(async () => {
    await edge.listen()
    await edge.serve('echo', (request, response) => {
      response.end(JSON.stringify({ url: request.url, headers: request.headers }))
    })
    edge.endpoints.set('nobody', [])
  })
  after(() => edge.close())

  const target = (service: string, weight = 1, more: Partial<Target> = {}): Target => ({
    backend: { namespace: 'd', service, port: '80' },
    weight,
    protocol: 'http',
    ...more,
  })

  it('changes headers of one target alone, and shares requests out as before', async () => {
    const change = (to: string): HeaderChanges => ({ ...NONE, set: [{ name: 'X-To', value: to }] })
    await serve({
      parts: {
        requestHeaders: {
          ...NONE,
          set: [
            { name: 'X-To', value: 'all' },
            { name: 'X-All', value: 'yes' },
          ],
        },
        responseHeaders: { ...NONE, add: [{ name: 'X-Back', value: 'all' }] },
        targets: [
          target('echo', 1, { requestHeaders: change(ODD) }),
          target('echo', 2, { responseHeaders: change('two') }),
          target('echo', 3),
          target('nobody', 3, { requestHeaders: change('nobody') }),
          target('echo', 0, { requestHeaders: change('never') }),
          target('echo', 3, { requestHeaders: change('wrong'), problem: 'no such thing' }),
        ],
      },
      alone: {
        targets: [target('echo', 5, { requestHeaders: change('alone'), responseHeaders: change('back') })],
      },
    })
    const seen = new Map<string, number>()
    for (let i = 0; i < 600; i++) {
      const { status, text, headers } = await ask('parts.example', '/')
      const sent = status === 200 ? JSON.parse(text).headers : {}
      if (status === 200) assert.deepEqual([sent['x-all'], headers['x-back']], ['yes', 'all'])
      const what = `${status} ${sent['x-to']} ${headers['x-to']}`
      seen.set(what, (seen.get(what) ?? 0) + 1)
    }
    // Of 12: about 50, 100, 150, 150 and 150. Chance stays within six deviations.
    assert.deepEqual(
      [...seen.keys()].sort(),
      [
        `200 ${ODD} undefined`,
        '200 all two',
        '200 all undefined',
        '500 undefined undefined',
        '503 undefined undefined',
      ].sort(),
    )
    for (const [what, part] of [
      [`200 ${ODD} undefined`, 1],
      ['200 all two', 2],
      ['503 undefined undefined', 3],
    ] as const) {
      const expected = (600 * part) / 12
      assert.ok(Math.abs(seen.get(what)! - expected) < 6 * Math.sqrt(expected), `${what}: ${seen.get(what)}`)
    }
    const { text, headers } = await ask('alone.example', '/')
    assert.deepEqual([JSON.parse(text).headers['x-to'], headers['x-to']], ['alone', 'back'])
  })
})
