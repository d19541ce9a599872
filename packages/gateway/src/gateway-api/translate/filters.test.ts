import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Fields, gateway, route, routeConditions, rule, translated } from '../../testing/gateway-api.ts'

const UNSUPPORTED = ['Accepted=False/UnsupportedValue', 'ResolvedRefs=True/ResolvedRefs']
const PARTLY = [
  'Accepted=True/Accepted',
  'ResolvedRefs=True/ResolvedRefs',
  'PartiallyInvalid=True/UnsupportedValue',
]

const http = (rules: Fields[]) =>
  translated([gateway('g', [{}, { port: 8080 }]), route('HTTPRoute/r', { rules })])
const only = (more: Fields) => http([rule('web', more)]).model.routes[0]!

describe('the filters of an HTTPRoute', () => {
  const filters = (...given: Fields[]) => only({ filters: given }).rule

  it('change headers both ways', () => {
    const changes = { set: [{ name: 'a', value: '1' }], add: [{ name: 'b', value: '2' }], remove: ['c'] }
    const { requestHeaders, responseHeaders } = filters(
      { type: 'RequestHeaderModifier', requestHeaderModifier: changes },
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { add: [{ name: 'd', value: '3' }] } },
    )
    assert.deepEqual(requestHeaders, changes)
    assert.deepEqual(responseHeaders, { set: [], add: [{ name: 'd', value: '3' }], remove: [] })
  })

  it('change headers of the requests for one backend alone, which has its place among all', () => {
    const set = [{ name: 'a', value: '1' }]
    const filters = [
      { type: 'RequestHeaderModifier', requestHeaderModifier: { set } },
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['b'] } },
    ]
    const backendRefs = [
      { name: 'none', port: 80, weight: 0, filters },
      { name: 'plain', port: 80 },
      { name: 'own', port: 80, filters },
    ]
    const [plain, own] = only({ backendRefs }).rule.targets
    assert.deepEqual([plain?.backend.service, plain?.requestHeaders], ['plain', undefined])
    assert.deepEqual(own, {
      backend: { namespace: 'team', service: 'own', port: '80' },
      weight: 1,
      protocol: 'http',
      requestHeaders: { set, add: [], remove: [] },
      responseHeaders: { set: [], add: [], remove: ['b'] },
    })
  })

  it('say whose pages may read answers; what is not said allows nothing', () => {
    assert.deepEqual(filters({ type: 'CORS', cors: { allowOrigins: ['*'], allowCredentials: true } }).cors, {
      origins: ['*'],
      credentials: true,
      methods: [],
      headers: [],
      expose: [],
      maxAgeSeconds: 5,
    })
  })

  const redirects: [string, Fields, Fields][] = [
    [
      'to another host keeps the port of the listener',
      { hostname: 'b.example' },
      { scheme: undefined, host: 'b.example', port: 80, code: 302 },
    ],
    [
      'to another scheme has its well-known port',
      { scheme: 'https', statusCode: 301 },
      { scheme: 'https', host: undefined, port: 443, code: 301 },
    ],
    [
      'to a port has that',
      { scheme: 'https', port: 8443 },
      { scheme: 'https', host: undefined, port: 8443, code: 302 },
    ],
  ]
  for (const [what, requestRedirect, expected] of redirects) {
    it(`send the client elsewhere: ${what}`, () => {
      const { redirect } = filters({ type: 'RequestRedirect', requestRedirect })
      assert.deepEqual({ ...redirect, path: undefined }, { ...expected, path: undefined })
    })
  }

  it('send the client to the port that it came to, for each listener', () => {
    const redirect = { type: 'RequestRedirect', requestRedirect: { hostname: 'b.example' } }
    const { routes } = http([{ filters: [redirect] }]).model
    assert.deepEqual(
      routes.map(({ ports, rule: { redirect: to } }) => [ports, to?.port]),
      [
        [[80], 80],
        [[8080], 8080],
      ],
    )
    assert.equal(new Set(routes.map(({ rule: { id } }) => id)).size, 2)
  })

  it('rewrite host and path', () => {
    const rewrite = { hostname: 'b.example', path: { type: 'ReplaceFullPath', replaceFullPath: '/new' } }
    assert.deepEqual(filters({ type: 'URLRewrite', urlRewrite: rewrite }).rewrite, {
      host: 'b.example',
      path: { type: 'full', value: '/new' },
    })
  })

  it('replace the prefix of the match that it was', () => {
    const path = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' }
    const matches = [{ path: { value: '/a' } }, { path: { value: '/b' } }]
    const { routes } = http([
      rule('web', { matches, filters: [{ type: 'URLRewrite', urlRewrite: { path } }] }),
    ]).model
    assert.deepEqual(
      routes.map(({ rule: { id, rewrite } }) => [id, rewrite?.path]),
      [
        ['httproute/team/r/0/0', { type: 'prefix', from: '/a', value: '/new' }],
        ['httproute/team/r/0/1', { type: 'prefix', from: '/b', value: '/new' }],
      ],
    )
  })

  const path = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' }
  const unserved: [string, Fields][] = [
    ['a mirror', { filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'web' } } }] }],
    [
      'an extension',
      { filters: [{ type: 'ExtensionRef', extensionRef: { group: 'x', kind: 'X', name: 'x' } }] },
    ],
    ['a filter from the future', { filters: [{ type: 'Fold', fold: {} }] }],
    [
      'a redirect and a rewrite',
      {
        filters: [
          { type: 'RequestRedirect', requestRedirect: {} },
          { type: 'URLRewrite', urlRewrite: {} },
        ],
      },
    ],
    [
      'a prefix to replace of a path that is exact',
      {
        matches: [{ path: { type: 'Exact', value: '/a' } }],
        filters: [{ type: 'URLRewrite', urlRewrite: { path } }],
      },
    ],
    [
      'a path to replace that is not said',
      { filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath' } } }] },
    ],
    [
      'a header of two lines',
      {
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: { set: [{ name: 'a', value: 'b\r\nc: d' }] },
          },
        ],
      },
    ],
    [
      'a filter of one backend that sends elsewhere',
      { backendRefs: [{ name: 'web', port: 80, filters: [{ type: 'RequestRedirect' }] }] },
    ],
    ['sessions', { sessionPersistence: {} }],
    ['a wait between tries', { retry: { attempts: 2, backoff: '1s' } }],
    ['an answer that cannot be tried again', { retry: { codes: [418] } }],
    ['a time that is none', { timeouts: { request: 'soon' } }],
    ['a try that is longer than the whole', { timeouts: { request: '1s', backendRequest: '2s' } }],
  ]
  for (const [what, more] of unserved) {
    it(`answer with an error where the rule has ${what}, and say so`, () => {
      assert.deepEqual(routeConditions(http([rule('web', more)]), 'r'), UNSUPPORTED)
      const both = http([rule('web', more), rule('other', { matches: [{ path: { value: '/other' } }] })])
      assert.deepEqual(routeConditions(both, 'r'), PARTLY)
      const [first] = both.model.routes
      assert.match(first!.rule.targets[0]!.problem!, /^rules\[0\]\./)
      assert.equal(first!.rule.redirect, undefined)
    })
  }
})
