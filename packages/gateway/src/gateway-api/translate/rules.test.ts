import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Fields,
  gateway,
  grant,
  route,
  routeConditions,
  rule,
  translated,
} from '../../testing/gateway-api.ts'
import { durationMs } from './durations.ts'

const GOOD = ['Accepted=True/Accepted', 'ResolvedRefs=True/ResolvedRefs']
const PARTLY = [...GOOD, 'PartiallyInvalid=True/UnsupportedValue']
const UNSUPPORTED = ['Accepted=False/UnsupportedValue', 'ResolvedRefs=True/ResolvedRefs']

const http = (rules: Fields[], ...more: Parameters<typeof translated>[0]) =>
  translated([gateway('g', [{}, { port: 8080 }]), route('HTTPRoute/r', { rules }), ...more])
const grpc = (rules: Fields[]) => translated([gateway('g'), route('GRPCRoute/r', { rules })])
const only = (more: Fields) => http([rule('web', more)]).model.routes[0]!

describe('the matches of an HTTPRoute', () => {
  it('are any path without one', () => {
    assert.deepEqual(only({}).path, { type: 'prefix', value: '/' })
    assert.deepEqual(only({ matches: [{}] }).path, { type: 'prefix', value: '/' })
  })

  it('are paths, methods, headers and parameters of the query', () => {
    const match = {
      path: { type: 'Exact', value: '/a' },
      method: 'POST',
      headers: [
        { name: 'X-One', value: 'v' },
        { name: 'x-one', value: 'the second of a name does not count' },
        { name: 'x-two', type: 'RegularExpression', value: 'v+' },
      ],
      queryParams: [
        { name: 'q', value: '1' },
        { name: 'Q', value: '2' },
      ],
    }
    const { path, method, headers, query } = only({ matches: [match] })
    assert.deepEqual(path, { type: 'exact', value: '/a' })
    assert.equal(method, 'POST')
    assert.deepEqual(headers, [
      { name: 'X-One', value: 'v', regex: false },
      { name: 'x-two', value: 'v+', regex: true },
    ])
    assert.deepEqual(
      query.map(({ name, value }) => name + value),
      ['q1', 'Q2'],
    )
  })

  it('are each a way in to the same rule', () => {
    const matches = [{ path: { value: '/a' } }, { path: { value: '/b' }, method: 'GET' }]
    const { routes } = http([rule('web', { matches })]).model
    assert.deepEqual(
      routes.map(({ path, rule: { id } }) => [path.value, id]),
      [
        ['/a', 'httproute/team/r/0'],
        ['/b', 'httproute/team/r/0'],
      ],
    )
    assert.ok(routes[0]!.order < routes[1]!.order)
  })

  const bad: [string, Fields][] = [
    ['a path that does not begin with a slash', { path: { value: 'a' } }],
    ['a path with white space', { path: { value: '/a b' } }],
    ['a path with dots', { path: { value: '/a/../b' } }],
    ['a path with two slashes', { path: { type: 'Exact', value: '//a' } }],
    ['a regular expression that is none', { path: { type: 'RegularExpression', value: '/(' } }],
    ['a regular expression that looks back', { path: { type: 'RegularExpression', value: '/(a)\\1' } }],
    [
      "a header's regular expression that is none",
      { headers: [{ name: 'a', type: 'RegularExpression', value: '*' }] },
    ],
  ]
  for (const [what, match] of bad) {
    it(`are refused with ${what}, and other rules go on`, () => {
      const broken = rule('web', { matches: [match] })
      assert.deepEqual(routeConditions(http([broken]), 'r'), UNSUPPORTED)
      const both = http([broken, rule('other')])
      assert.deepEqual(routeConditions(both, 'r'), PARTLY)
      assert.deepEqual(
        both.model.routes.map(({ rule: { id } }) => id),
        ['httproute/team/r/1'],
      )
    })
  }
})

describe('times and tries', () => {
  it('are read as the API writes them', () => {
    const cases: [unknown, number | undefined][] = [
      ['10s', 10_000],
      ['1h30m', 5_400_000],
      ['1m500ms', 60_500],
      ['0s', 86_400_000],
      ['99999h', 86_400_000],
      ['1.5s', undefined],
      ['', undefined],
      [undefined, undefined],
    ]
    for (const [text, ms] of cases) assert.equal(durationMs(text), ms, String(text))
    const { timeoutMs } = only({ timeouts: { request: '10s', backendRequest: '2s' } }).rule
    assert.deepEqual(timeoutMs, { request: 10_000, backend: 2000 })
  })

  it('are tried again where it is asked for, and where no answer came', () => {
    assert.equal(only({}).rule.retries, undefined)
    assert.deepEqual(only({ retry: { attempts: 3, codes: [503] } }).rule.retries, {
      attempts: 3,
      on: ['conn-failure', 'empty-response', '503'],
    })
  })
})

describe('backends', () => {
  const backends = (refs: Fields[], ...more: Parameters<typeof translated>[0]) => {
    const result = http([{ backendRefs: refs }], ...more)
    const { targets } = result.model.routes[0]!.rule
    return {
      conditions: routeConditions(result, 'r')[1],
      targets: targets.map(({ backend: { namespace, service }, weight, problem }) =>
        [namespace, service, weight, problem === undefined ? 'good' : 'bad'].join(' '),
      ),
    }
  }

  it('have their shares', () => {
    const refs = [
      { name: 'a', port: 80, weight: 9 },
      { name: 'b', port: 80, weight: 1 },
      { name: 'c', port: 80, weight: 0 },
    ]
    assert.deepEqual(backends(refs), {
      conditions: 'ResolvedRefs=True/ResolvedRefs',
      targets: ['team a 9 good', 'team b 1 good'],
    })
  })

  const bad: [string, Fields, string][] = [
    ['a Service that does not exist', { name: 'gone', port: 80 }, 'BackendNotFound'],
    ['a port that the Service does not have', { name: 'web', port: 81 }, 'BackendNotFound'],
    ['no port', { name: 'web' }, 'BackendNotFound'],
    ['another kind', { name: 'web', kind: 'Bucket', group: 'x.example' }, 'InvalidKind'],
    [
      'another namespace that does not allow it',
      { name: 'web', port: 80, namespace: 'shop' },
      'RefNotPermitted',
    ],
  ]
  for (const [what, ref, reason] of bad) {
    it(`that are no good keep their share, which is an error: ${what}`, () => {
      const { conditions, targets } = backends([ref, { name: 'good', port: 80, weight: 1 }])
      assert.equal(conditions, `ResolvedRefs=False/${reason}`)
      assert.deepEqual(
        targets.map((text) => text.split(' ').at(-1)),
        ['bad', 'good'],
      )
    })
  }

  it('of another namespace are served where it allows this kind of route', () => {
    const ref = { name: 'web', port: 80, namespace: 'shop' }
    const from = { kind: 'HTTPRoute', namespace: 'team' }
    const good = backends([ref], grant('shop', from, { kind: 'Service' }))
    assert.deepEqual(good, { conditions: 'ResolvedRefs=True/ResolvedRefs', targets: ['shop web 1 good'] })
    const other = backends([ref], grant('shop', { ...from, kind: 'GRPCRoute' }, { kind: 'Service' }))
    assert.equal(other.conditions, 'ResolvedRefs=False/RefNotPermitted')
  })

  it('speak what their Service says, and HTTP/2 for gRPC', () => {
    const speaks = (kind: string, appProtocol?: string) => {
      const ports = [{ port: 80, ...(appProtocol === undefined ? {} : { appProtocol }) }]
      const service = () => ({ apiVersion: 'v1', kind: 'Service', metadata: {}, spec: { ports } })
      const objects = [gateway('g'), route(`${kind}/r`, { rules: [rule('web')] })]
      return translated(objects, { service }).model.routes[0]!.rule.targets[0]!.protocol
    }
    assert.equal(speaks('HTTPRoute'), 'http')
    assert.equal(speaks('HTTPRoute', 'kubernetes.io/h2c'), 'h2c')
    assert.equal(speaks('HTTPRoute', 'kubernetes.io/ws'), 'http')
    assert.equal(speaks('HTTPRoute', 'https'), 'https')
    assert.equal(speaks('GRPCRoute'), 'h2c')
  })
})

describe('the matches of a GRPCRoute', () => {
  const cases: [Fields, string, string][] = [
    [{ service: 'shop.Cart', method: 'Add' }, 'exact', '/shop.Cart/Add'],
    [{ service: 'shop.Cart' }, 'prefix', '/shop.Cart/'],
    [{ method: 'Add' }, 'regex', '/[^/]+/Add'],
    [{ type: 'RegularExpression', service: 'shop\\..*', method: 'A|B' }, 'regex', '/(?:shop\\..*)/(?:A|B)'],
    [{}, 'regex', '/.*'],
  ]
  for (const [method, type, value] of cases) {
    it(`are paths: ${JSON.stringify(method)}`, () => {
      const { routes } = grpc([rule('web', { matches: [{ method }] })]).model
      assert.deepEqual(routes[0]!.path, { type, value })
    })
  }

  it('of every call come after those of some, whatever their age', () => {
    const { routes } = grpc([rule('rest'), rule('web', { matches: [{ method: { method: 'Buy' } }] })]).model
    const [every, some] = routes
    assert.ok(some!.order < every!.order)
  })

  it('are refused where one part would end the other', () => {
    const method = { type: 'RegularExpression', service: 'a)(b', method: 'c' }
    assert.deepEqual(routeConditions(grpc([rule('web', { matches: [{ method }] })]), 'r'), UNSUPPORTED)
  })
})

describe('routes of whole connections', () => {
  it('go by name where there is one, and by port', () => {
    const tls = { port: 8443, protocol: 'TLS', hostname: '*.example', tls: { mode: 'Passthrough' } }
    const { model } = translated([
      gateway('g', [tls, { port: 9000, protocol: 'TCP' }]),
      route('TLSRoute/t', { hostnames: ['a.example', 'b.example', 'a.test'], rules: [rule('web')] }),
      route('TCPRoute/t', { rules: [rule('db')] }),
    ])
    assert.deepEqual(
      model.streams.map(({ id, host, ports, targets }) => [id, host, ports, targets[0]?.backend.service]),
      [
        ['tlsroute/team/t/0/0', 'a.example', [8443], 'web'],
        ['tlsroute/team/t/0/1', 'b.example', [8443], 'web'],
        ['tcproute/team/t/0/0', '', [9000], 'db'],
      ],
    )
  })

  it('have one rule that can be told apart', () => {
    const result = translated([
      gateway('g', [{ port: 9000, protocol: 'TCP' }]),
      route('TCPRoute/t', { rules: [rule('a'), rule('b')] }),
    ])
    assert.deepEqual(routeConditions(result, 't'), PARTLY)
    assert.equal(result.model.streams[0]!.targets.length, 1)
  })
})
