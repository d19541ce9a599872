import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { testServerCertificate } from '@brume/testkit/server-certificate'
import {
  AROUND,
  type Fields,
  gateway,
  route,
  routeConditions,
  rule,
  translated,
} from '../../testing/gateway-api.ts'
import { policyChange } from '../statuses.ts'

const { ca: certificatePem } = await testServerCertificate()
const CA: Record<string, Fields> = {
  good: { 'ca.crt': `some words\n${certificatePem}` },
  empty: { 'ca.crt': '' },
  words: { 'ca.crt': '-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n' },
  other: { 'other.crt': certificatePem },
}
const around = {
  configMap: (namespace: string, name: string): KubeObject | undefined =>
    CA[name] === undefined || namespace !== 'team'
      ? undefined
      : { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: CA[name] },
  service: (namespace: string, name: string): KubeObject | undefined =>
    name === 'two'
      ? {
          ...AROUND.service(namespace, name)!,
          spec: {
            ports: [
              { name: 'a', port: 80 },
              { name: 'b', port: 81 },
            ],
          },
        }
      : AROUND.service(namespace, name),
}
const ref = (name: string, kind = 'ConfigMap') => ({ group: '', kind, name })
const GOOD_CA = { caCertificateRefs: [ref('good')] }
const HOST = { hostname: 'web.example' }

function policy(
  name: string,
  validation: Fields,
  { targets = [{ name: 'web' }], ...metadata }: { targets?: Fields[]; creationTimestamp?: string } = {},
): KubeObject {
  const made = route(`BackendTLSPolicy/${name}`, {}, metadata)
  const targetRefs = targets.map((one) => ({ group: '', kind: 'Service', ...one }))
  return { ...made, spec: { targetRefs, validation: { ...HOST, ...validation } } }
}

const on = (services: string, ...more: KubeObject[]) =>
  translated([gateway('g'), route('HTTPRoute/r', { rules: [rule(services)] }), ...more], around)
const targetsOf = (result: ReturnType<typeof on>) => result.model.routes[0]!.rule.targets
const said = (result: ReturnType<typeof on>, name: string) =>
  result.policies
    .find((one) => one.policy.metadata.name === name)!
    .findings.map(({ type, status, reason }) => `${type}=${status}/${reason}`)
const GOOD = ['Accepted=True/Accepted', 'ResolvedRefs=True/ResolvedRefs']

describe('a BackendTLSPolicy', () => {
  it('has its Service, and no other, spoken to by TLS, with the CA of a ConfigMap or of the machine', () => {
    const result = on('web other', policy('p', GOOD_CA))
    const [web, other] = targetsOf(result)
    assert.deepEqual(said(result, 'p'), GOOD)
    assert.equal(web!.protocol, 'https')
    assert.equal(web!.tls!.hostname, 'web.example')
    assert.equal(web!.tls!.authority.trim(), certificatePem.trim())
    assert.deepEqual([other!.protocol, other!.tls], ['http', undefined])
    const system = on('web', policy('p', { wellKnownCACertificates: 'System' }))
    assert.deepEqual(targetsOf(system)[0]!.tls, { authority: 'system', hostname: 'web.example' })
  })

  it('for one port goes before one for the whole Service', () => {
    const result = on(
      'two',
      policy('whole', { ...GOOD_CA, hostname: 'whole.example' }, { targets: [{ name: 'two' }] }),
      policy(
        'port',
        { ...GOOD_CA, hostname: 'port.example' },
        { targets: [{ name: 'two', sectionName: 'a' }] },
      ),
    )
    assert.equal(targetsOf(result)[0]!.tls!.hostname, 'port.example')
    for (const name of ['whole', 'port']) assert.deepEqual(said(result, name), GOOD)
  })

  it('yields to an older one for the same', () => {
    const result = on(
      'web',
      policy('a-new', { ...GOOD_CA, hostname: 'new.example' }, { creationTimestamp: '2026-02-02T00:00:00Z' }),
      policy('b-old', GOOD_CA),
    )
    assert.equal(targetsOf(result)[0]!.tls!.hostname, 'web.example')
    assert.deepEqual(said(result, 'b-old'), GOOD)
    assert.deepEqual(said(result, 'a-new'), ['Accepted=False/Conflicted', 'ResolvedRefs=True/ResolvedRefs'])
  })

  const NO_CA = (reason: string) => ['Accepted=False/NoValidCACertificate', `ResolvedRefs=False/${reason}`]
  const INVALID = ['Accepted=False/Invalid', 'ResolvedRefs=True/ResolvedRefs']
  const bad: [string, Fields, string[]][] = [
    ['a ConfigMap that is not there', { caCertificateRefs: [ref('gone')] }, NO_CA('InvalidCACertificateRef')],
    ['a ConfigMap without a CA', { caCertificateRefs: [ref('other')] }, NO_CA('InvalidCACertificateRef')],
    ['an empty CA', { caCertificateRefs: [ref('empty')] }, NO_CA('InvalidCACertificateRef')],
    [
      'a CA that is none',
      { caCertificateRefs: [ref('good'), ref('words')] },
      NO_CA('InvalidCACertificateRef'),
    ],
    ['a kind that holds none', { caCertificateRefs: [ref('good', 'Secret')] }, NO_CA('InvalidKind')],
    ['no CA at all', {}, INVALID],
    ['two kinds of CAs', { ...GOOD_CA, wellKnownCACertificates: 'System' }, INVALID],
    ['CAs that nobody knows', { wellKnownCACertificates: 'example.com/ours' }, INVALID],
    ['a hostname that is none', { ...GOOD_CA, hostname: 'a) b' }, INVALID],
    [
      'names of another kind',
      { ...GOOD_CA, subjectAltNames: [{ type: 'URI', uri: 'spiffe://a/b' }] },
      INVALID,
    ],
    ['other names', { ...GOOD_CA, subjectAltNames: [{ type: 'Hostname', hostname: 'b.example' }] }, INVALID],
  ]
  for (const [what, validation, conditions] of bad) {
    it(`with ${what} says so, and its Service gets nothing`, () => {
      const result = on('web', policy('p', validation))
      assert.deepEqual(said(result, 'p'), conditions)
      const [target] = targetsOf(result)
      assert.match(target!.problem!, /^BackendTLSPolicy team\/p: validation\./)
      assert.equal(target!.tls, undefined)
      assert.deepEqual(routeConditions(result, 'r'), GOOD)
    })
  }

  it('for a port that its Service does not have says so', () => {
    const result = on('two', policy('p', GOOD_CA, { targets: [{ name: 'two', sectionName: 'c' }] }))
    assert.equal(said(result, 'p')[0], 'Accepted=False/TargetNotFound')
    assert.equal(targetsOf(result)[0]!.tls, undefined)
  })

  it('tells the Gateways that lead to its Service, beside what others say, and takes it back', () => {
    const foreign = { ancestorRef: { name: 'x' }, controllerName: 'example.com/x', conditions: [] }
    const object = { ...policy('p', GOOD_CA), status: { ancestors: [foreign] } }
    const change = (services: string, given: KubeObject) => policyChange(on(services, given).policies[0]!, 0)
    const { status } = change('web', object)!
    const [first, own] = status['ancestors'] as Fields[]
    assert.deepEqual(first, foreign)
    assert.deepEqual(own!['ancestorRef'], {
      group: 'gateway.networking.k8s.io',
      kind: 'Gateway',
      namespace: 'infra',
      name: 'g',
    })
    const told = { ...object, status: status as KubeObject['status'] }
    assert.equal(change('web', told), undefined)
    assert.deepEqual(change('other', told)!.status, { ancestors: [foreign] })
    assert.equal(change('other', policy('p', GOOD_CA)), undefined)
  })

  it('is for connections that are opened here, and not for those that are passed on', () => {
    const tls = (mode: string) => ({
      port: 8443,
      protocol: 'TLS',
      tls: { mode, certificateRefs: [{ name: 'c' }] },
    })
    for (const [mode, checked] of [
      ['Terminate', true],
      ['Passthrough', false],
    ] as const) {
      const { model } = translated(
        [gateway('g', [tls(mode)]), route('TLSRoute/r', { rules: [rule('web')] }), policy('p', GOOD_CA)],
        around,
      )
      assert.equal(model.streams[0]!.targets[0]!.tls !== undefined, checked, mode)
    }
  })
})
