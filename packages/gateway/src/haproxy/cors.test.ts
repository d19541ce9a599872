// Pages of other origins, as HAProxy itself answers them.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { RealEdge } from '@brume/testkit/real-edge'
import type { Rule } from '../model.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false

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
      if (request.headers.host?.startsWith('plain') !== true)
        response.setHeader('access-control-allow-origin', 'https://its-own.example')
      response.end(JSON.stringify({ url: request.url, headers: request.headers }))
    })
  })
  after(() => edge.close())

  it('tells browsers whose pages may read its answers, and nobody else', async () => {
    const cors = {
      origins: ['https://www.foo.example', 'https://*.bar.example', 'http://port.example:80'],
      credentials: true,
      methods: ['GET', 'PUT'],
      headers: ['x-one', 'x-two'],
      expose: ['x-three', '*'],
      maxAgeSeconds: 3600,
    }
    const any = {
      origins: ['*'],
      credentials: false,
      methods: ['*'],
      headers: ['*'],
      expose: ['*'],
      maxAgeSeconds: 5,
    }
    await serve({ cors: { cors }, any: { cors: any }, none: { cors: { ...any, origins: [] } }, plain: {} })
    const told = (headers: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))
    const before = (host: string, origin: string, more = {}) =>
      ask(host, '/', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PUT', ...more },
      })
    for (const origin of ['https://www.foo.example', 'https://a.b.bar.example', 'http://port.example']) {
      const answer = await before('cors.example', origin)
      assert.deepEqual([answer.status, answer.text], [204, ''])
      assert.deepEqual(told(answer.headers), {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, PUT',
        'access-control-allow-headers': 'x-one, x-two',
        'access-control-expose-headers': 'x-three',
        'access-control-max-age': '3600',
      })
      assert.equal(answer.headers.vary, 'Origin')
      const real = await ask('cors.example', '/', { method: 'PUT', headers: { origin } })
      assert.equal(JSON.parse(real.text).headers.origin, origin)
      assert.deepEqual(told(real.headers), {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'x-three',
      })
    }
    for (const origin of [
      'https://foo.example',
      'https://www.foo.example.evil',
      'https://bar.example',
      'http://a.bar.example',
      'https://a.barxexample',
      'null',
    ]) {
      const answer = await before('cors.example', origin)
      assert.deepEqual([answer.status, told(answer.headers)], [403, {}], origin)
      const real = await ask('cors.example', '/', { headers: { origin } })
      assert.deepEqual([real.status, told(real.headers)], [200, {}], origin)
    }
    const asked = { 'access-control-request-headers': 'x-a, x-b' }
    assert.deepEqual(told((await before('any.example', 'http://x.example:99', asked)).headers), {
      'access-control-allow-origin': 'http://x.example:99',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-a, x-b',
      'access-control-expose-headers': '*',
      'access-control-max-age': '5',
    })
    assert.equal(
      told((await before('any.example', 'http://x.example')).headers)['access-control-allow-headers'],
      undefined,
    )
    assert.equal((await before('none.example', 'http://x.example')).status, 403)
    assert.equal((await ask('any.example', '/', { method: 'OPTIONS' })).status, 200, 'it is not asked before')
    assert.equal(
      JSON.parse((await before('plain.example', 'http://x.example')).text).headers.origin,
      'http://x.example',
    )
  })
})
