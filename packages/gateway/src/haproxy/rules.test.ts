// What happens to requests of a rule, as HAProxy itself does it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { RealEdge } from '@brume/testkit/real-edge'
import {
  type HeaderChanges,
  type PathChange,
  PLAIN_RULE,
  type Redirect,
  type Rule,
  type Target,
} from '../model.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const NONE: HeaderChanges = { set: [], add: [], remove: [] }
const ODD = `a'b"c\\d %[src] %% \${HOME} # x`
/** Of `password`, in each way that is known. */
const HASHES = {
  md5: '$1$salt$qJH7.N4xYta3aEG/dfqo/0',
  sha256: '$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1',
  sha512:
    '$6$rounds=1000$salt$O0nhCLTaysO7YRx7RhswA9LUudDbe8n/29Fg0mCv48MlTSygeX82/gn5a5m7.zIERei.MTm0LX6AbQbQLYGS5.',
  bcrypt: '$2y$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm',
  yescrypt: '$y$j9T$abcdefgh$79JhsKZwfY/UU2qrk3QcffpHl7EyEEJK0pA5pD1wu73',
}

describe('a rule', { skip, timeout: 120_000 }, () => {
  const edge = new RealEdge()
  const ask = edge.ask.bind(edge)
  const calls = { flaky: 0 }

  const target = (service: string, weight = 1, more: Partial<Target> = {}): Target => ({
    backend: { namespace: 'd', service, port: '80' },
    weight,
    protocol: 'http',
    ...more,
  })

  const as = (user: string, password: string) => ({
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
  })

  /** A host for each rule. */
  async function serve(rules: Record<string, Partial<Rule>>): Promise<ReadonlyMap<string, string>> {
    const routes = Object.entries(rules).map(([name, more]) =>
      edge.route(`${name}.example`, more.rewrite?.path?.type === 'prefix' ? more.rewrite.path.from : '/', {
        ...PLAIN_RULE,
        id: `test/${name}`,
        targets: [target('echo')],
        ...more,
      }),
    )
    return (await edge.apply(edge.model(...routes))).rules
  }

  before(async () => {
    await edge.listen()
    await edge.serve('echo', (request, response) => {
      response.setHeader('x-old', 'old')
      response.end(JSON.stringify({ url: request.url, headers: request.headers }))
    })
    await edge.serve('slow', (_, response) => void setTimeout(() => response.end('late'), 3000))
    await edge.serve('flaky', (request, response) => {
      calls.flaky++
      request.resume()
      response.statusCode = calls.flaky % 3 === 0 ? 200 : 503
      response.end('flaky')
    })
    await edge.serve('one')
    await edge.serve('two')
    edge.endpoints.set('nobody', [])
  })
  after(() => edge.close())

  it('sends elsewhere: scheme, host, port and path, and keeps what it does not name', async () => {
    const to = (more: Partial<Redirect>): Partial<Rule> => ({
      redirect: { scheme: undefined, host: undefined, port: undefined, path: undefined, code: 302, ...more },
    })
    const prefix = (from: string, value: string): PathChange => ({ type: 'prefix', from, value })
    await serve({
      same: to({ host: 'b.example' }),
      scheme: to({ scheme: 'https', code: 301 }),
      port: to({ port: 8443, scheme: 'https' }),
      known: to({ port: 80, scheme: 'http' }),
      full: to({ path: { type: 'full', value: '/new%20one' } }),
      prefix: to({ path: prefix('/old', '/new/') }),
      bare: to({ path: prefix('/old/', '') }),
    })
    const at = edge.ports.http
    const location = async (host: string, path: string) => {
      const { status, headers } = await ask(host, path)
      return `${status} ${headers.location}`
    }
    assert.equal(await location('same.example', '/x?y=1'), `302 http://b.example:${at}/x?y=1`)
    assert.equal(await location('scheme.example:99', '/x'), '301 https://scheme.example/x')
    assert.equal(await location('port.example', '/'), '302 https://port.example:8443/')
    assert.equal(await location('known.example', '/'), '302 http://known.example/')
    assert.equal(await location('full.example', '/x?y'), `302 http://full.example:${at}/new%20one?y`)
    assert.equal(await location('prefix.example', '/old/a?b'), `302 http://prefix.example:${at}/new/a?b`)
    assert.equal(await location('prefix.example', '/old'), `302 http://prefix.example:${at}/new/`)
    assert.equal(await location('bare.example', '/old/a'), `302 http://bare.example:${at}/a`)
    assert.equal(await location('bare.example', '/old'), `302 http://bare.example:${at}/`)
  })

  it('changes headers of requests and answers, with anything in their values', async () => {
    await serve({
      headers: {
        requestHeaders: {
          set: [{ name: 'X-Set', value: ODD }],
          add: [{ name: 'X-Both', value: 'added' }],
          remove: ['X-Gone'],
        },
        responseHeaders: {
          ...NONE,
          set: [{ name: 'x-old', value: ODD }],
          add: [{ name: 'x-new', value: 'n' }],
        },
      },
    })
    const sent = { 'x-set': 'client', 'x-both': 'client', 'x-gone': 'client' }
    const { text, headers } = await ask('headers.example', '/', { headers: sent })
    const heard = JSON.parse(text).headers
    assert.deepEqual([heard['x-set'], heard['x-both'], heard['x-gone']], [ODD, 'client, added', undefined])
    assert.deepEqual([headers['x-old'], headers['x-new']], [ODD, 'n'])
  })

  it('rewrites host and path', async () => {
    await serve({
      full: { rewrite: { host: 'inside.example', path: { type: 'full', value: '/one%path' } } },
      prefix: { rewrite: { host: undefined, path: { type: 'prefix', from: '/api', value: '/' } } },
    })
    const seen = async (host: string, path: string) => {
      const { url, headers } = JSON.parse((await ask(host, path)).text)
      return [headers.host, url]
    }
    assert.deepEqual(await seen('full.example', '/x?y=1'), ['inside.example', '/one%path?y=1'])
    assert.deepEqual(await seen('prefix.example', '/api/a/b?c'), ['prefix.example', '/a/b?c'])
    assert.deepEqual(await seen('prefix.example', '/api'), ['prefix.example', '/'])
  })

  it('shares requests out by weight; a share without endpoints is 503, one that is wrong 500', async () => {
    await serve({
      weights: { targets: [target('one', 3), target('two', 1), target('echo', 0)] },
      broken: {
        targets: [target('one', 2), target('nobody', 1), target('two', 1, { problem: 'no such kind' })],
      },
      nothing: { targets: [] },
      empty: { targets: [target('nobody')] },
      wrong: { targets: [target('one', 1, { problem: 'not permitted' })] },
    })
    const counts = async (host: string, times: number) => {
      const found: Record<string, number> = {}
      for (let i = 0; i < times; i++) {
        const { status, text } = await ask(host, '/')
        const key = status === 200 ? text.split(' ')[0]! : String(status)
        found[key] = (found[key] ?? 0) + 1
      }
      return found
    }
    assert.deepEqual(await counts('weights.example', 40), { one: 30, two: 10 })
    const shares = await counts('broken.example', 400)
    for (const [who, about] of [
      ['one', 200],
      ['503', 100],
      ['500', 100],
    ] as const)
      assert.ok(Math.abs((shares[who] ?? 0) - about) < 60, JSON.stringify(shares))
    const { status, text } = await ask('wrong.example', '/')
    assert.deepEqual([status, text], [500, 'not permitted\n'])
    assert.equal((await ask('empty.example', '/')).text, 'nothing behind this route is ready\n')
    assert.equal((await ask('nothing.example', '/')).status, 500)
  })

  it('gives a server so much time, and tries again what it is told to', async () => {
    await serve({
      slow: { targets: [target('slow')], timeoutMs: { request: 200, backend: undefined } },
      flaky: { targets: [target('flaky')], retries: { attempts: 3, on: ['503'] } },
    })
    assert.equal((await ask('slow.example', '/')).status, 504)
    assert.equal((await ask('flaky.example', '/')).status, 200)
    assert.equal(calls.flaky, 3)
    // What is not to be repeated is asked for once.
    assert.equal((await ask('flaky.example', '/', { method: 'POST', body: 'x' })).status, 503)
  })

  it('lets in whom it knows, from where and with how much it is told', async () => {
    await serve({
      here: { allowFrom: ['192.0.2.0/24', '127.0.0.0/8', '2001:db8::/32'] },
      there: { allowFrom: ['192.0.2.0/24'] },
      small: { maxBodyBytes: 10 },
      users: { basicAuth: { realm: "It's #1", users: [{ name: 'an "odd\' one', hash: HASHES.sha256 }] } },
    })
    assert.equal((await ask('here.example', '/')).status, 200)
    assert.equal((await ask('there.example', '/')).status, 403)
    const post = { method: 'POST', body: 'x'.repeat(11) }
    assert.equal(
      (await ask('small.example', '/', { ...post, headers: { 'content-length': '11' } })).status,
      413,
    )
    assert.equal(
      (await ask('small.example', '/', { ...post, body: 'x', headers: { 'content-length': '1' } })).status,
      200,
    )
    const unsaid = { method: 'POST', body: 'x', headers: { 'transfer-encoding': 'chunked' } }
    assert.equal((await ask('small.example', '/', unsaid)).status, 411)
    const { status, headers } = await ask('users.example', '/')
    assert.deepEqual([status, headers['www-authenticate']], [401, 'Basic realm="It\'s #1"'])
    assert.equal((await ask('users.example', '/', as('an "odd\' one', 'password'))).status, 200)
    assert.equal((await ask('users.example', '/', as('an "odd\' one', 'password'))).status, 200)
    assert.equal((await ask('users.example', '/', as('an "odd\' one', 'passwort'))).status, 401)
    assert.equal((await ask('users.example', '/', as('another', 'password'))).status, 401)
  })

  it('knows passwords that are hashed in any way of crypt, and looks at so many wrong ones only', async () => {
    const users = Object.entries(HASHES).map(([name, hash]) => ({ name, hash }))
    await serve({ hashes: { basicAuth: { realm: 'r', users } } })
    for (const { name } of users) {
      assert.equal((await ask('hashes.example', '/', as(name, 'password'))).status, 200, name)
      assert.equal((await ask('hashes.example', '/', as(name, 'passwort'))).status, 401, name)
    }
    const statuses = new Set<number>()
    for (let i = 0; i < 40; i++)
      statuses.add((await ask('hashes.example', '/', as('md5', `wrong ${i}`))).status)
    assert.deepEqual([...statuses], [401, 429])
    assert.equal((await ask('hashes.example', '/', as('md5', 'password'))).status, 200)
    // Other passwords are other users: what was remembered of theirs is forgotten.
    await serve({
      hashes: { basicAuth: { realm: 'r', users: [{ name: 'md5', hash: HASHES.md5.replace('qJ', 'Jq') }] } },
    })
    assert.equal((await ask('hashes.example', '/', as('md5', 'password'))).status, 401)
  })

  it('answers so many requests of one address, and still knows how many after a reload', async () => {
    const limited = { rateLimit: { requests: 1, perSeconds: 60, burst: 4 } }
    await serve({ limited })
    const statuses = []
    for (let i = 0; i < 7; i++) statuses.push((await ask('limited.example', '/')).status)
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429])
    await serve({ limited, another: {} })
    assert.equal((await ask('limited.example', '/')).status, 429)
  })

  it('is not kept busy by a regular expression that never ends', async () => {
    const endless = { ...edge.route('regex.example', '~/((a+)+)+', 'one'), order: '1' }
    await edge.apply(edge.model(endless, edge.route('', '/', 'two')))
    const start = performance.now()
    assert.equal(await edge.heard('regex.example', '/plain'), 'two')
    const plain = performance.now() - start
    assert.equal(await edge.heard('regex.example', `/${'a'.repeat(4000)}b`), 'two')
    const long = performance.now() - start - plain
    // Without a limit it takes longer than anybody waits.
    assert.ok(long < plain * 1000, `${long} ms, and ${plain} ms for a plain one`)
  })

  it('keeps a client at one server by a cookie', async () => {
    const [one] = edge.endpoints.get('one')!
    const [two] = edge.endpoints.get('two')!
    edge.endpoints.set('both', [one!, two!])
    await serve({ sticky: { targets: [target('both')], affinity: { cookie: 'STAY' } } })
    const first = await ask('sticky.example', '/')
    const [cookie] = first.headers['set-cookie']![0]!.split(';')
    for (let i = 0; i < 4; i++)
      assert.equal(
        (await ask('sticky.example', '/', { headers: { cookie: cookie! } })).text.split(' ')[0],
        first.text.split(' ')[0],
      )
  })

  it('that HAProxy does not take is left out with the reason, and the others are served', async () => {
    const bad = {
      regex: { ...edge.route('regex.example', '~/(', 'one'), rule: edge.rule('one', { id: 'test/regex' }) },
      header: edge.route(
        'header.example',
        '/',
        edge.rule('one', {
          id: 'test/header',
          requestHeaders: { ...NONE, set: [{ name: 'X-A\nbackend evil', value: 'x' }] },
        }),
      ),
      value: edge.route(
        'value.example',
        '/',
        edge.rule('one', {
          id: 'test/value',
          requestHeaders: { ...NONE, set: [{ name: 'X-A', value: 'x\nbackend evil' }] },
        }),
      ),
      auth: edge.route(
        'auth.example',
        '/',
        edge.rule('one', {
          id: 'test/auth',
          basicAuth: { realm: 'r', users: [{ name: 'u', hash: '$apr1$x$y' }] },
        }),
      ),
    }
    const { rules } = await edge.apply(
      edge.model(...Object.values(bad), edge.route('good.example', '/', 'two')),
    )
    assert.deepEqual([...rules.keys()].sort(), ['test/auth', 'test/header', 'test/regex', 'test/value'])
    assert.match(rules.get('test/regex')!, /^HAProxy does not take it: .*regex/)
    assert.match(rules.get('test/auth')!, /Apache alone/)
    assert.equal(await edge.heard('good.example', '/'), 'two')
    assert.equal((await ask('auth.example', '/')).status, 500)
    // The same again is not asked about again, and mended it is served.
    assert.equal(
      (await edge.apply(edge.model(...Object.values(bad), edge.route('good.example', '/', 'two')))).by,
      'nothing',
    )
    await edge.apply(edge.model(edge.route('regex.example', '~/()', 'one')))
    assert.equal(await edge.heard('regex.example', '/'), 'one')
  })
})
