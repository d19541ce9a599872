import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Fields, gateway, route, routeConditions, rule, translated } from '../../testing/gateway-api.ts'
import { servedNames } from './hostnames.ts'

const GOOD = ['Accepted=True/Accepted', 'ResolvedRefs=True/ResolvedRefs']
const parent = (more: Fields) => ({ parentRefs: [{ name: 'g', namespace: 'infra', ...more }] })
const rules = [rule('web')]

describe('names', () => {
  const cases: [route: string[], listener: string, served: string[]][] = [
    [[], '', ['']],
    [[], 'a.example', ['a.example']],
    [['a.example'], '', ['a.example']],
    [['A.Example'], 'a.example', ['a.example']],
    [['a.example'], 'b.example', []],
    [['a.example', 'b.test'], '*.example', ['a.example']],
    [['b.a.example'], '*.example', ['b.a.example']],
    [['example'], '*.example', []],
    [['*.example'], 'a.example', ['a.example']],
    [['*.example'], '*.a.example', ['*.a.example']],
    [['*.a.example'], '*.example', ['*.a.example']],
    [['*.example'], '*.test', []],
    [['notexample'], '*.example', []],
  ]
  for (const [given, listener, served] of cases) {
    it(`of a route (${given}) and a listener (${listener}) have in common: ${served}`, () => {
      assert.deepEqual(servedNames(given, listener), served)
    })
  }
})

describe('a route', () => {
  const cases: [what: string, listeners: Fields[], spec: Fields, accepted: string][] = [
    ['all listeners', [{}, { port: 8080 }], {}, 'True/Accepted'],
    ['a listener by its name', [{}, { port: 8080 }], parent({ sectionName: 'l1' }), 'True/Accepted'],
    ['a name that no listener has', [{}], parent({ sectionName: 'x' }), 'False/NoMatchingParent'],
    ['listeners by their port', [{}, { port: 8080 }], parent({ port: 8080 }), 'True/Accepted'],
    ['a port that no listener has', [{}], parent({ port: 81 }), 'False/NoMatchingParent'],
    [
      'a name and a port that are not one',
      [{}, { port: 8080 }],
      parent({ sectionName: 'l0', port: 8080 }),
      'False/NoMatchingParent',
    ],
    ['a listener of another protocol', [{ port: 9000, protocol: 'TCP' }], {}, 'False/NotAllowedByListeners'],
    [
      'a listener for other kinds',
      [{ allowedRoutes: { namespaces: { from: 'All' }, kinds: [{ kind: 'GRPCRoute' }] } }],
      {},
      'False/NotAllowedByListeners',
    ],
    [
      'a listener for its own namespace',
      [{ allowedRoutes: { namespaces: { from: 'Same' } } }],
      {},
      'False/NotAllowedByListeners',
    ],
    [
      'a listener for some namespaces',
      [{ allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { team: 'team' } } } } }],
      {},
      'True/Accepted',
    ],
    [
      'a listener for some other namespaces',
      [{ allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { team: 'x' } } } } }],
      {},
      'False/NotAllowedByListeners',
    ],
    [
      'a name of its own',
      [{ hostname: 'a.example' }],
      { hostnames: ['b.example'] },
      'False/NoMatchingListenerHostname',
    ],
    [
      'a listener that is not accepted',
      [{ protocol: 'SCTP' }, { protocol: 'HTTP', tls: {} }],
      {},
      'False/NoMatchingParent',
    ],
  ]
  for (const [what, listeners, spec, accepted] of cases) {
    it(`with ${what}: ${accepted}`, () => {
      const result = translated([gateway('g', listeners), route('HTTPRoute/r', { rules, ...spec })])
      assert.equal(routeConditions(result, 'r')[0], `Accepted=${accepted}`)
      assert.equal(result.model.routes.length > 0, accepted.startsWith('True'))
    })
  }

  it('without a Gateway of ours is not spoken of', () => {
    const spec = { rules, parentRefs: [{ name: 'other' }, { group: '', kind: 'Service', name: 's' }] }
    assert.deepEqual(translated([gateway('g'), route('HTTPRoute/r', spec)]).routes, [])
  })

  it('is counted once by each listener that it comes to', () => {
    const spec = { rules, hostnames: ['a.example', 'b.example'] }
    const { gateways, model } = translated([
      gateway('g', [{}, { port: 8080 }, { port: 8081, hostname: 'c.example' }]),
      route('HTTPRoute/r', spec),
      route('GRPCRoute/r', { ...spec, hostnames: ['d.example'] }),
    ])
    assert.deepEqual(
      gateways[0]!.listeners.map(({ attached }) => attached.size),
      [2, 2, 0],
    )
    assert.deepEqual(
      model.routes
        .filter(({ rule: { id } }) => id.startsWith('http'))
        .map(({ host, ports }) => [host, ports]),
      [
        ['a.example', [80, 8080]],
        ['b.example', [80, 8080]],
      ],
    )
  })

  it('has a word for each of its parents', () => {
    const parentRefs = [
      { name: 'g', namespace: 'infra', sectionName: 'l0' },
      { name: 'g', namespace: 'infra', sectionName: 'nothing' },
    ]
    const { routes } = translated([gateway('g'), route('HTTPRoute/r', { rules, parentRefs })])
    assert.deepEqual(
      routes[0]!.parents.map(({ parentRef, refusal }) => [parentRef['sectionName'], refusal?.reason]),
      [
        ['l0', undefined],
        ['nothing', 'NoMatchingParent'],
      ],
    )
  })

  it('waits with its listener for a certificate', () => {
    const https = { port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'broken' }] } }
    const result = translated([gateway('g', [https]), route('HTTPRoute/r', { rules })])
    assert.deepEqual(routeConditions(result, 'r'), GOOD)
    assert.deepEqual([result.model.routes, result.model.listeners], [[], []])
    assert.equal(result.gateways[0]!.listeners[0]!.attached.size, 1)
  })

  it("of a wide listener does not get a narrower one's requests", () => {
    const own = (sectionName: string) => ({
      rules,
      parentRefs: [{ name: 'g', namespace: 'infra', sectionName }],
    })
    const { model, gateways } = translated([
      gateway('g', [{}, { hostname: '*.example' }, { hostname: 'a.example' }, { port: 8080 }]),
      route('HTTPRoute/any', own('l0')),
      route('HTTPRoute/named', { ...own('l0'), hostnames: ['b.example', 'b.test'] }),
      route('HTTPRoute/wild', own('l1')),
      route('HTTPRoute/other-port', { ...own('l3'), hostnames: ['b.example'] }),
    ])
    assert.deepEqual(
      model.routes.map(({ host, ports, rule: { id } }) => [host, ports[0], id]),
      [
        ['', 80, 'httproute/team/any/0'],
        ['b.test', 80, 'httproute/team/named/0'],
        ['b.example', 8080, 'httproute/team/other-port/0'],
        ['*.example', 80, 'httproute/team/wild/0'],
        ['*.example', 80, 'gateway/infra/g/l1'],
        ['a.example', 80, 'gateway/infra/g/l2'],
      ],
    )
    assert.equal(gateways[0]!.listeners[0]!.attached.size, 2)
  })
})

describe('of an HTTPRoute and a GRPCRoute', () => {
  const OLD = { creationTimestamp: '2026-01-01T00:00:00Z' }
  const NEW = { creationTimestamp: '2026-01-02T00:00:00Z' }
  const two = (older: string, hostsOfOlder: string[], hosts: string[], spec = {}) => {
    const younger = older === 'HTTPRoute' ? 'GRPCRoute' : 'HTTPRoute'
    return translated([
      gateway('g', [{}, { port: 8080 }]),
      route(`${younger}/younger`, { rules, hostnames: hosts, ...spec }, NEW),
      route(`${older}/older`, { rules, hostnames: hostsOfOlder }, OLD),
    ])
  }

  const common: [string, string[], string[]][] = [
    ['the same name', ['a.example', 'b.example'], ['B.example']],
    ['names below a wildcard', ['*.example'], ['a.example']],
    ['a wildcard over names', ['a.b.example'], ['*.example']],
    ['two wildcards', ['*.b.example'], ['*.example']],
    ['any name', [], ['a.example']],
    ['no name of its own', ['a.example'], []],
  ]
  for (const [what, older, younger] of common) {
    for (const kind of ['HTTPRoute', 'GRPCRoute']) {
      it(`with ${what} the younger is not accepted, and the older ${kind} is served alone`, () => {
        const result = two(kind, older, younger)
        assert.deepEqual(routeConditions(result, 'older'), GOOD)
        assert.deepEqual(routeConditions(result, 'younger'), [
          'Accepted=False/HostnameConflict',
          'ResolvedRefs=True/ResolvedRefs',
        ])
        assert.ok(result.model.routes.every(({ rule: { id } }) => id.includes('/older/')))
        assert.deepEqual([...result.gateways[0]!.listeners[0]!.attached], [`${kind} team/older`])
      })
    }
  }

  it('both are served with names or listeners of their own', () => {
    for (const result of [
      two('HTTPRoute', ['a.example', '*.b.example'], ['b.example', 'c.example']),
      translated([
        gateway('g', [{}, { port: 8080 }]),
        ...['HTTPRoute', 'GRPCRoute'].map((kind, i) => {
          const parentRefs = [{ name: 'g', namespace: 'infra', sectionName: `l${i}` }]
          return route(`${kind}/r${i}`, { rules, hostnames: ['a.example'], parentRefs })
        }),
      ]),
    ])
      assert.deepEqual(
        result.routes.map(({ route: { metadata } }) => routeConditions(result, metadata.name!)),
        [GOOD, GOOD],
      )
  })

  it('one that cannot be served itself takes nothing from the other', () => {
    const bad = [{ matches: [{ path: { value: 'a' } }] }]
    const result = translated([
      gateway('g'),
      route('HTTPRoute/older', { rules: bad, hostnames: ['a.example'] }, OLD),
      route('GRPCRoute/younger', { rules, hostnames: ['a.example'] }, NEW),
    ])
    assert.deepEqual(routeConditions(result, 'younger'), GOOD)
  })
})
