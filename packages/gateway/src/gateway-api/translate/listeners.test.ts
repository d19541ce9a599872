import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Fields, gateway, gatewayClass, grant, translated } from '../../testing/gateway-api.ts'
import { gatewayFindings } from './gateway-status.ts'

const SECRET = { certificateRefs: [{ name: 'cert' }] }

/** Of the first Gateway's listeners: `Type=Status/Reason` of all that are not as they are for a good one. */
function faults(...given: Parameters<typeof translated>): string[][] {
  const [first] = translated(...given).gateways
  const { listeners } = gatewayFindings(first!, { addresses: ['192.0.2.1'], ports: new Map() })
  const good = ['Accepted=True/Accepted', 'Conflicted=False/NoConflicts', 'ResolvedRefs=True/ResolvedRefs']
  return listeners.map(({ findings }) =>
    findings
      .map(({ type, status, reason }) => `${type}=${status}/${reason}`)
      .filter((text) => !good.includes(text) && text !== 'Programmed=True/Programmed'),
  )
}
const one = (listener: Fields, ...more: Parameters<typeof translated>[0]) =>
  faults([gateway('g', [listener]), ...more])[0]
const NOT_PROGRAMMED = 'Programmed=False/Invalid'
const refused = (reason: string) => [`Accepted=False/${reason}`, NOT_PROGRAMMED]
const conflicted = (reason: string) => [
  `Accepted=False/${reason}`,
  `Conflicted=True/${reason}`,
  NOT_PROGRAMMED,
]

describe('a listener', () => {
  it('is served with each protocol that there is', () => {
    const all = [
      { port: 80 },
      { port: 443, protocol: 'HTTPS', tls: SECRET },
      { port: 8443, protocol: 'TLS', tls: { mode: 'Passthrough' } },
      { port: 8444, protocol: 'TLS', tls: SECRET },
      { port: 9000, protocol: 'TCP' },
    ]
    assert.deepEqual(
      faults([gateway('g', all)]),
      all.map(() => []),
    )
    assert.deepEqual(
      translated([gateway('g', all)]).model.listeners.map(({ port, protocol }) => `${port} ${protocol}`),
      ['80 http', '443 https', '8443 tls', '8444 opened-tls', '9000 tcp'],
    )
  })

  const refusals: [string, Fields, string][] = [
    ['an unknown protocol', { protocol: 'UDP' }, 'UnsupportedProtocol'],
    ['TLS settings for HTTP', { tls: SECRET }, 'UnsupportedValue'],
    [
      'HTTPS that is passed on',
      { protocol: 'HTTPS', port: 443, tls: { mode: 'Passthrough' } },
      'UnsupportedValue',
    ],
    ['TLS without a mode', { protocol: 'TLS', port: 8443 }, 'UnsupportedValue'],
    ['a name for TCP', { protocol: 'TCP', port: 9000, hostname: 'a.example' }, 'UnsupportedValue'],
    [
      'a selector that is none',
      {
        allowedRoutes: {
          namespaces: { from: 'Selector', selector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } },
        },
      },
      'UnsupportedValue',
    ],
  ]
  for (const [what, listener, reason] of refusals) {
    it(`is not accepted with ${what}, while others are`, () => {
      const [bad, good] = faults([gateway('g', [listener, { port: 8080 }])])
      assert.deepEqual(bad!.slice(0, 1).concat(NOT_PROGRAMMED), refused(reason))
      assert.deepEqual(good, [])
    })
  }

  it('does not let in every client when it is to check their certificates', () => {
    const spec = { tls: { frontend: { default: { validation: { caCertificateRefs: [{ name: 'ca' }] } } } } }
    const listener = { port: 443, protocol: 'HTTPS', tls: SECRET }
    assert.deepEqual(faults([gateway('g', [listener], { spec })]), [refused('UnsupportedValue')])
  })

  it('is told when its port cannot be had', () => {
    const around = { portProblem: (port: number) => (port === 30_080 ? 'is a node port' : undefined) }
    assert.deepEqual(faults([gateway('g', [{ port: 30_080 }])], around), [refused('PortUnavailable')])
  })

  it('needs a certificate for what it opens', () => {
    const https = (...certificateRefs: Fields[]) => ({
      port: 443,
      protocol: 'HTTPS',
      tls: { certificateRefs },
    })
    const broken = ['ResolvedRefs=False/InvalidCertificateRef', NOT_PROGRAMMED]
    assert.deepEqual(one(https()), broken)
    assert.deepEqual(one(https({ name: 'broken' })), broken)
    assert.deepEqual(one(https({ name: 'cert', kind: 'ConfigMap' })), broken)
    assert.deepEqual(one(https({ name: 'cert' })), [])
    // The good one is shown, the other one is told.
    assert.deepEqual(one(https({ name: 'cert' }, { name: 'broken' })), broken.slice(0, 1))
  })

  it("refers to another namespace's certificate only where that allows it", () => {
    const listener = {
      port: 443,
      protocol: 'HTTPS',
      tls: { certificateRefs: [{ name: 'cert', namespace: 'vault' }] },
    }
    const not = ['ResolvedRefs=False/RefNotPermitted', NOT_PROGRAMMED]
    const from = { kind: 'Gateway', namespace: 'infra' }
    assert.deepEqual(one(listener), not)
    assert.deepEqual(one(listener, grant('vault', from, { kind: 'Secret' })), [])
    assert.deepEqual(one(listener, grant('vault', from, { kind: 'Secret', name: 'cert' })), [])
    assert.deepEqual(one(listener, grant('vault', from, { kind: 'Secret', name: 'other' })), not)
    assert.deepEqual(one(listener, grant('vault', from, { kind: 'ConfigMap' })), not)
    assert.deepEqual(one(listener, grant('elsewhere', from, { kind: 'Secret' })), not)
    assert.deepEqual(one(listener, grant('vault', { ...from, kind: 'HTTPRoute' }, { kind: 'Secret' })), not)
    assert.deepEqual(one(listener, grant('vault', { ...from, namespace: 'x' }, { kind: 'Secret' })), not)
  })

  it('names the kinds of routes that it can serve, and is told of those that it cannot', () => {
    const kindsOf = (kinds: Fields[]) => {
      const [first] = translated([gateway('g', [{ allowedRoutes: { kinds } }])]).gateways
      return first!.listeners[0]!.kinds
    }
    const invalid = (kinds: Fields[]) => one({ allowedRoutes: { kinds } })
    assert.deepEqual(kindsOf([]), ['HTTPRoute', 'GRPCRoute'])
    assert.deepEqual(kindsOf([{ kind: 'HTTPRoute' }]), ['HTTPRoute'])
    assert.deepEqual(invalid([{ kind: 'HTTPRoute' }]), [])
    assert.deepEqual(kindsOf([{ kind: 'HTTPRoute' }, { kind: 'TCPRoute' }]), ['HTTPRoute'])
    assert.deepEqual(invalid([{ kind: 'HTTPRoute' }, { kind: 'TCPRoute' }]), [
      'ResolvedRefs=False/InvalidRouteKinds',
    ])
    assert.deepEqual(kindsOf([{ group: 'other.example', kind: 'HTTPRoute' }]), [])
  })
})

describe('listeners that ask for the same', () => {
  const two = (a: Fields, b: Fields) => faults([gateway('g', [a, b])])

  it('of one Gateway are both not accepted', () => {
    assert.deepEqual(two({}, {}), [conflicted('HostnameConflict'), conflicted('HostnameConflict')])
    const named = { hostname: 'a.example' }
    assert.deepEqual(two(named, named), [conflicted('HostnameConflict'), conflicted('HostnameConflict')])
    const https = { port: 8080, protocol: 'HTTPS', tls: SECRET }
    assert.deepEqual(two({ port: 8080 }, https), [
      conflicted('ProtocolConflict'),
      conflicted('ProtocolConflict'),
    ])
    const tcp = { port: 9000, protocol: 'TCP' }
    assert.deepEqual(two(tcp, tcp), [conflicted('ProtocolConflict'), conflicted('ProtocolConflict')])
  })

  it('share a port by names, and TLS that is passed on with HTTPS', () => {
    assert.deepEqual(two({ hostname: 'a.example' }, { hostname: '*.example' }), [[], []])
    assert.deepEqual(two({ hostname: 'a.example' }, {}), [[], []])
    const https = { port: 443, protocol: 'HTTPS', hostname: 'a.example', tls: SECRET }
    const tls = { port: 443, protocol: 'TLS', hostname: 'b.example', tls: { mode: 'Passthrough' } }
    assert.deepEqual(two(https, tls), [[], []])
    assert.deepEqual(two(https, { ...tls, hostname: 'a.example' }), [
      conflicted('HostnameConflict'),
      conflicted('HostnameConflict'),
    ])
  })

  it('of two Gateways belong to the older one', () => {
    const old = gateway('z-old', [{}], { created: '2025-01-01T00:00:00Z' })
    const young = gateway('a-young', [{}, { port: 8080 }])
    const { gateways, model } = translated([young, old])
    assert.deepEqual(
      gateways.map(({ gateway: { metadata }, listeners }) => [
        metadata.name,
        ...listeners.map(({ conflict }) => conflict?.message),
      ]),
      [
        ['z-old', undefined],
        [
          'a-young',
          'every name on port 80 is taken by listener l0 of Gateway infra/z-old, which is older; set another hostname or port',
          undefined,
        ],
      ],
    )
    assert.deepEqual(
      model.listeners.map(({ port }) => port),
      [80, 8080],
    )
  })

  it("leave the edge's own ports to their protocols", () => {
    assert.deepEqual(one({ port: 443 }), conflicted('ProtocolConflict'))
    assert.deepEqual(one({ port: 80, protocol: 'TCP' }), conflicted('ProtocolConflict'))
    assert.deepEqual(one({ port: 443, protocol: 'TLS', tls: { mode: 'Passthrough' } }), [])
  })

  it('are not taken from by a listener that is not accepted itself', () => {
    const tls = { port: 8080, protocol: 'TLS' }
    assert.deepEqual(two(tls, { port: 8080 })[1], [])
  })
})

describe('a Gateway', () => {
  const conditions = (...given: Parameters<typeof translated>) => {
    const [first] = translated(...given).gateways
    if (first === undefined) return undefined
    const { findings, addresses } = gatewayFindings(first, { addresses: ['192.0.2.1'], ports: new Map() })
    return [
      ...findings.map(({ status, reason }) => `${status}/${reason}`),
      ...addresses.map(({ value }) => value),
    ]
  }
  const GOOD = ['True/Accepted', 'True/Programmed', '192.0.2.1']

  it('is accepted and programmed, and has the addresses of the edge', () => {
    assert.deepEqual(conditions([gateway('g')]), GOOD)
  })

  it('says that some of its listeners are not valid, or all of them', () => {
    const bad = { protocol: 'SCTP' }
    assert.deepEqual(conditions([gateway('g', [{}, bad])]), [
      'True/ListenersNotValid',
      'True/Programmed',
      '192.0.2.1',
    ])
    assert.deepEqual(conditions([gateway('g', [bad])]), ['False/ListenersNotValid', 'False/Invalid'])
  })

  it('may ask for the addresses that the edge has, and for no others', () => {
    const asks = (...addresses: Fields[]) => conditions([gateway('g', [{}], { spec: { addresses } })])
    assert.deepEqual(asks({ type: 'IPAddress', value: '192.0.2.1' }), GOOD)
    assert.deepEqual(asks({ type: 'IPAddress' }), GOOD)
    assert.deepEqual(asks({ type: 'IPAddress', value: '192.0.2.9' }), [
      'True/Accepted',
      'False/AddressNotUsable',
    ])
    assert.deepEqual(asks({ type: 'Hostname', value: 'a.example' }), [
      'False/UnsupportedAddress',
      'False/Invalid',
    ])
  })

  it('has no parameters', () => {
    const spec = { infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: 'c' } } }
    assert.deepEqual(conditions([gateway('g', [{}], { spec })]), ['False/InvalidParameters', 'False/Invalid'])
  })

  it("is left alone when its class is another controller's, or not accepted", () => {
    assert.equal(
      conditions([gateway('g'), gatewayClass('brume', { controllerName: 'other.example/x' })]),
      undefined,
    )
    const parametersRef = { group: '', kind: 'ConfigMap', name: 'c' }
    assert.equal(conditions([gateway('g'), gatewayClass('brume', { parametersRef })]), undefined)
  })

  it('that is refused as a whole takes no port from a younger one', () => {
    const spec = { addresses: [{ type: 'Hostname', value: 'a.example' }] }
    const old = gateway('old', [{}], { spec, created: '2025-01-01T00:00:00Z' })
    const { gateways } = translated([old, gateway('young')])
    assert.equal(gateways[1]!.listeners[0]!.conflict, undefined)
  })
})
