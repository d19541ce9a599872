// What the Gateway API promises about requests, as tables: each route with what is asked and who answers. Real HAProxy,
// real requests, objects of a real control plane.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import type { AskedEdge } from '@brume/testkit/real-edge'
import { EdgeCloud } from './cloud.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false

/** [host and path, who answers, more of the request] */
type Case = [url: string, service: string, asked?: AskedEdge]

describe("the Gateway API's requests", { skip, timeout: 240_000 }, () => {
  let cloud: EdgeCloud
  before(async () => {
    cloud = await EdgeCloud.start()
    await cloud.namespace('team', { tier: 'gold' })
    await cloud.namespace('other')
    for (const name of ['a', 'b', 'c', 'd']) await cloud.serve('team', name)
    await cloud.serve('other', 'far')
    await cloud.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: team}
spec:
  gatewayClassName: brume
  listeners:
  - {name: web, port: ${cloud.ports.http}, protocol: HTTP}
`)
  })
  after(() => cloud.stop())

  /** Applies an HTTPRoute of these rules for one host, and waits until it is served as the first case says. */
  async function serving(name: string, host: string, rules: string, cases: readonly Case[]): Promise<void> {
    await cloud.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: team}
spec:
  parentRefs: [{name: g}]
  hostnames: [${host}]
  rules: ${rules}
`)
    const heard = ([url, , asked]: Case) => {
      const slash = url.indexOf('/')
      return cloud.heard(url.slice(0, slash), url.slice(slash), asked)
    }
    const [first] = cases
    if (first !== undefined)
      await cloud.served(`${name} is served`, async () => (await heard(first)) === first[1])
    for (const one of cases) assert.equal(await heard(one), one[1], JSON.stringify(one))
  }
  const to = (name: string) => `backendRefs: [{name: ${name}, port: 80}]`

  it('find the most specific path', () =>
    serving(
      'paths',
      'paths.example',
      `
  - {matches: [{path: {type: PathPrefix, value: /}}], ${to('a')}}
  - {matches: [{path: {type: PathPrefix, value: /two}}], ${to('b')}}
  - {matches: [{path: {type: PathPrefix, value: /two/three/}}], ${to('c')}}
  - {matches: [{path: {type: Exact, value: /two/three}}], ${to('d')}}
`,
      [
        ['paths.example/two', 'b'],
        ['paths.example/', 'a'],
        ['paths.example/two/', 'b'],
        ['paths.example/twofold', 'a'],
        ['paths.example/two/three', 'd'],
        ['paths.example/two/three/', 'c'],
        ['paths.example/two/three/four', 'c'],
        ['paths.example/two/threefold', 'b'],
        ['elsewhere.example/two', '404'],
      ],
    ))

  it('find paths by regular expressions that fit as a whole', () =>
    serving(
      'regexes',
      'regexes.example',
      `
  - {matches: [{path: {type: RegularExpression, value: "/v[0-9]+/.*"}}], ${to('a')}}
  - {matches: [{path: {type: RegularExpression, value: "/it's \\"#{}\\\\$/?"}}], ${to('c')}}
  - {matches: [{path: {type: PathPrefix, value: /deep}}], ${to('b')}}
`,
      [
        ['regexes.example/v12/x', 'a'],
        ['regexes.example/v/x', '404'],
        ['regexes.example/deep/v12/x', 'b'],
      ],
    ))

  it('are told apart by methods, headers and queries, the most of them first', () =>
    serving(
      'matching',
      'matching.example',
      `
  - {matches: [{headers: [{name: version, value: two}]}], ${to('b')}}
  - {matches: [{headers: [{name: Version, value: two}, {name: color, value: orange}]}], ${to('c')}}
  - {matches: [{queryParams: [{name: animal, value: whale}]}, {headers: [{name: version, type: RegularExpression, value: "3|4"}]}], ${to('d')}}
  - {matches: [{method: DELETE}], ${to('c')}}
  - {matches: [{path: {value: /}}], ${to('a')}}
`,
      [
        ['matching.example/', 'b', { headers: { version: 'two' } }],
        ['matching.example/', 'a'],
        ['matching.example/x', 'c', { headers: { VERSION: 'two', color: 'orange' } }],
        ['matching.example/', 'a', { headers: { version: 'twofold' } }],
        ['matching.example/?animal=whale', 'd'],
        ['matching.example/?a=b&animal=whale', 'd'],
        ['matching.example/?animal=whales', 'a'],
        ['matching.example/', 'd', { headers: { version: '4' } }],
        ['matching.example/', 'a', { headers: { version: '34' } }],
        ['matching.example/', 'c', { method: 'DELETE', headers: { version: 'two' } }],
      ],
    ))

  it('find the most specific name, and wildcards of any depth', async () => {
    await serving('wild', "'*.names.example'", `[{${to('a')}}]`, [['x.names.example/', 'a']])
    await serving('deeper', "'*.deep.names.example'", `[{${to('b')}}]`, [['x.deep.names.example/', 'b']])
    await serving('very', 'very.deep.names.example', `[{${to('c')}}]`, [
      ['very.deep.names.example/', 'c'],
      ['x.y.names.example/', 'a'],
      ['x.y.deep.names.example/', 'b'],
      ['deep.names.example/', 'a'],
      ['names.example/', '404'],
    ])
  })

  it('of several routes for one name go to the most specific match of all of them', async () => {
    await serving('across-1', 'across.example', `[{matches: [{path: {value: /x}}], ${to('a')}}]`, [
      ['across.example/x', 'a'],
    ])
    await serving(
      'across-2',
      'across.example',
      `[{matches: [{path: {value: /}}], ${to('b')}}, {matches: [{path: {value: /x}, headers: [{name: v, value: "2"}]}], ${to('c')}}]`,
      [
        ['across.example/', 'b'],
        ['across.example/x', 'a'],
        ['across.example/x', 'c', { headers: { v: '2' } }],
      ],
    )
  })

  it('belong to the listener with the most specific name, and to its routes alone', async () => {
    const port = await freePort()
    const listener = (name: string, hostname: string) =>
      `{name: ${name}, port: ${port}, protocol: HTTP${hostname === '' ? '' : `, hostname: '${hostname}'`}}`
    const own = (name: string, service: string, path: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: isolated-${name}, namespace: team}
spec: {parentRefs: [{name: isolated, sectionName: ${name}}], rules: [{matches: [{path: {value: ${path}}}], ${to(service)}}]}
`
    await cloud.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: isolated, namespace: team}
spec: {gatewayClassName: brume, listeners: [${listener('any', '')}, ${listener('wild', '*.example')}, ${listener('one', 'one.example')}]}
${own('any', 'a', '/')}${own('wild', 'b', '/wild')}${own('one', 'c', '/one')}`)
    await cloud.served(
      'it is served',
      async () => (await cloud.heard('one.example', '/one', { port })) === 'c',
    )
    const cases: Case[] = [
      ['one.example/wild', '404'],
      ['one.example/', '404'],
      ['two.example/wild', 'b'],
      ['two.example/', '404'],
      ['elsewhere.test/wild', 'a'],
    ]
    for (const [url, service] of cases) {
      const slash = url.indexOf('/')
      assert.equal(await cloud.heard(url.slice(0, slash), url.slice(slash), { port }), service, url)
    }
  })

  it('have their headers changed on the way in', async () => {
    const filter = `{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: "it's 100% \\"#{}"}], add: [{name: x-add, value: "%[src]"}], remove: [x-remove]}}`
    await serving('headers-in', 'in.example', `[{filters: [${filter}], ${to('a')}}]`, [['in.example/', 'a']])
    const sent = { 'x-set': 'old', 'x-add': 'first', 'x-remove': 'gone' }
    const { headers } = await cloud.echo('in.example', '/', { headers: sent })
    assert.equal(headers['x-set'], 'it\'s 100% "#{}')
    assert.equal(headers['x-add'], 'first, %[src]')
    assert.equal(headers['x-remove'], undefined)
  })

  it('have the headers of their answers changed', async () => {
    await cloud.serve('team', 'answers', (_, response) => {
      response.setHeader('x-remove', 'gone')
      response.setHeader('x-set', 'old')
      response.end('{"service":"answers"}')
    })
    const filter =
      '{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-set, value: new}], add: [{name: x-add, value: "1"}], remove: [x-remove]}}'
    await serving('headers-out', 'out.example', `[{filters: [${filter}], ${to('answers')}}]`, [
      ['out.example/', 'answers'],
    ])
    const { headers } = await cloud.ask('out.example', '/')
    assert.deepEqual([headers['x-set'], headers['x-add'], headers['x-remove']], ['new', '1', undefined])
  })

  it('have their headers changed for one backend alone', async () => {
    const change = (filter: string, value: string) =>
      `{type: ${filter}, ${filter[0]!.toLowerCase()}${filter.slice(1)}: {set: [{name: x-own, value: ${value}}]}}`
    const filters = `filters: [${change('RequestHeaderModifier', 'in')}, ${change('ResponseHeaderModifier', 'out')}]`
    const rules = `[{backendRefs: [{name: a, port: 80}, {name: b, port: 80, ${filters}}]}]`
    await serving('headers-of-one', 'one.example', rules, [])
    const seen = new Set<string>()
    await eventually('both have answered', async () => {
      const { status, text, headers } = await cloud.ask('one.example', '/')
      if (status !== 200) return false
      const { service, headers: sent } = JSON.parse(text)
      seen.add(`${service} ${sent['x-own']} ${headers['x-own']}`)
      return seen.size === 2
    })
    assert.deepEqual([...seen].sort(), ['a undefined undefined', 'b in out'])
  })

  it('of pages of other origins are answered as the route says', async () => {
    const cors = '{allowOrigins: ["https://*.pages.example"], allowMethods: [PUT], allowHeaders: [x-one]}'
    await serving('cors', 'cors.example', `[{filters: [{type: CORS, cors: ${cors}}], ${to('a')}}]`, [
      ['cors.example/', 'a'],
    ])
    const asked = (origin: string) =>
      cloud.ask('cors.example', '/', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PUT' },
      })
    const { status, headers } = await asked('https://a.pages.example')
    assert.equal(status, 204)
    assert.deepEqual(
      ['origin', 'methods', 'headers', 'credentials'].map((what) => headers[`access-control-allow-${what}`]),
      ['https://a.pages.example', 'PUT', 'x-one', undefined],
    )
    assert.equal(headers['access-control-max-age'], '5')
    assert.equal((await asked('https://evil.example')).headers['access-control-allow-origin'], undefined)
  })

  it('are sent elsewhere', async () => {
    const redirect = (path: string, to: string) =>
      `{matches: [{path: {value: ${path}}}], filters: [{type: RequestRedirect, requestRedirect: ${to}}]}`
    const own = `:${cloud.ports.http}`
    await serving(
      'redirects',
      'from.example',
      `[${[
        redirect('/host', '{hostname: to.example}'),
        redirect('/https', '{scheme: https, statusCode: 301}'),
        redirect('/port', '{scheme: https, port: 8443, statusCode: 308}'),
        redirect('/full', '{path: {type: ReplaceFullPath, replaceFullPath: /new}, statusCode: 303}'),
        redirect('/prefix', '{path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}, statusCode: 307}'),
      ].join(', ')}]`,
      [['from.example/host', '302']],
    )
    const cases: [string, number, string][] = [
      ['/host/x?q=1', 302, `http://to.example${own}/host/x?q=1`],
      ['/https/x', 301, 'https://from.example/https/x'],
      ['/port', 308, 'https://from.example:8443/port'],
      ['/full/x?q=1', 303, `http://from.example${own}/new?q=1`],
      ['/prefix/x?q=1', 307, `http://from.example${own}/new/x?q=1`],
      ['/prefix', 307, `http://from.example${own}/new`],
    ]
    for (const [path, status, location] of cases) {
      const answer = await cloud.ask('from.example', path)
      assert.deepEqual([answer.status, answer.headers.location], [status, location], path)
    }
  })

  it('ask the backend for another path or host', async () => {
    const rewrite = (path: string, what: string) =>
      `{matches: [{path: {value: ${path}}}], filters: [{type: URLRewrite, urlRewrite: ${what}}], ${to('a')}}`
    await serving(
      'rewrites',
      'rewrites.example',
      `[${[
        rewrite('/prefix', '{path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}'),
        rewrite('/strip', '{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}'),
        rewrite('/full', '{path: {type: ReplaceFullPath, replaceFullPath: /new}}'),
        rewrite('/host', '{hostname: to.example}'),
      ].join(', ')}]`,
      [['rewrites.example/prefix', 'a']],
    )
    const cases: [string, string, string][] = [
      ['/prefix/x?q=1', '/new/x?q=1', 'rewrites.example'],
      ['/prefix', '/new', 'rewrites.example'],
      ['/strip/x', '/x', 'rewrites.example'],
      ['/strip', '/', 'rewrites.example'],
      ['/full/x?q=1', '/new?q=1', 'rewrites.example'],
      ['/host/x', '/host/x', 'to.example'],
    ]
    for (const [path, url, host] of cases) {
      const echo = await cloud.echo('rewrites.example', path)
      assert.deepEqual([echo.url, echo.headers.host], [url, host], path)
    }
  })

  it('are shared out by weight', async () => {
    const backends = (a: number, b: number, c: number) =>
      `[{backendRefs: [{name: a, port: 80, weight: ${a}}, {name: b, port: 80, weight: ${b}}, {name: c, port: 80, weight: ${c}}]}]`
    await serving('weights', 'weights.example', backends(0, 0, 1), [['weights.example/', 'c']])
    await serving('weights', 'weights.example', backends(1, 0, 0), [['weights.example/', 'a']])
    await serving('weights', 'weights.example', backends(70, 30, 0), [])
    const counts: Record<string, number> = {}
    await cloud.served('both have a part', async () => (await cloud.heard('weights.example', '/')) === 'b')
    for (let i = 0; i < 300; i++) {
      const service = await cloud.heard('weights.example', '/')
      counts[service] = (counts[service] ?? 0) + 1
    }
    assert.ok(counts['a']! > 180 && counts['a']! < 240, JSON.stringify(counts))
    assert.equal(counts['c'], undefined)
  })

  it('to another namespace are refused until it grants them', async () => {
    const rules = '[{backendRefs: [{name: far, namespace: other, port: 80}]}]'
    await serving('far', 'far.example', rules, [['far.example/', '500']])
    const conditions = '.status.parents[0].conditions'
    await cloud.eventuallyConditions('httproute far -n team', conditions, [
      'ResolvedRefs=False/RefNotPermitted',
    ])
    await cloud.apply(`
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: far, namespace: other}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: team}]
  to: [{group: "", kind: Service}]
`)
    await cloud.eventuallyConditions('httproute far -n team', conditions, ['ResolvedRefs=True/ResolvedRefs'])
    await eventually('it is served', async () => (await cloud.heard('far.example', '/')) === 'far')
    await cloud.kubectl('delete referencegrant far -n other')
    await eventually('it is not any more', async () => (await cloud.heard('far.example', '/')) === '500')
  })

  it('to a part that is no good are an error, and the others are served', async () => {
    const rules = '[{backendRefs: [{name: a, port: 80}, {name: missing, port: 80}]}]'
    await serving('half', 'half.example', rules, [])
    for (const wanted of ['a', '500'])
      await eventually(`${wanted} answers`, async () => (await cloud.heard('half.example', '/')) === wanted)
  })

  it('end when they take longer than they may', async () => {
    await cloud.serve('team', 'slow', () => {})
    const rule = (path: string, timeouts: string) =>
      `{matches: [{path: {value: ${path}}}], timeouts: {${timeouts}}, ${to('slow')}}`
    const rules = `[${rule('/', 'request: 200ms')}, ${rule('/backend', 'backendRequest: 200ms')}]`
    await serving('timeouts', 'timeouts.example', rules, [
      ['timeouts.example/', '504'],
      ['timeouts.example/backend', '504'],
    ])
  })

  it('are tried again for the answers that are named', async () => {
    let asked = 0
    await cloud.serve('team', 'flaky', (_, response) => {
      asked++
      response.statusCode = asked % 3 === 0 ? 200 : 503
      response.end('{"service":"flaky"}')
    })
    const rules = `[{retry: {attempts: 3, codes: [503]}, ${to('flaky')}}]`
    await serving('retries', 'retries.example', rules, [['retries.example/', 'flaky']])
    const before = asked
    assert.equal(await cloud.heard('retries.example', '/'), 'flaky')
    assert.ok(asked - before > 1)
  })

  it('get an error where a rule asks for what is not served, and never less than it asks for', async () => {
    const mirror = '{type: RequestMirror, requestMirror: {backendRef: {name: b, port: 80}}}'
    const rules = `[{${to('a')}}, {matches: [{path: {value: /m}}], filters: [${mirror}], ${to('a')}}]`
    await serving('mirrors', 'mirrors.example', rules, [
      ['mirrors.example/', 'a'],
      ['mirrors.example/m', '500'],
    ])
    await cloud.eventuallyConditions('httproute mirrors -n team', '.status.parents[0].conditions', [
      'PartiallyInvalid=True/UnsupportedValue',
    ])
  })
})
