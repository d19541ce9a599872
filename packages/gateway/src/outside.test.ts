// Clients that mean no good: the edge finds the same host and path in a request as the server behind, or refuses it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { RealEdge } from '@brume/testkit/real-edge'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const LIMIT_MS = 5000

describe('a client from outside', { skip, timeout: 120_000 }, () => {
  const edge = new RealEdge()

  before(async () => {
    await edge.listen()
    // It tells all that it hears.
    await edge.serve('open', ({ url, rawHeaders }, response) =>
      response.end(`open ${url} ${JSON.stringify(rawHeaders).toLowerCase()}`),
    )
    await edge.serve('moved')
    await edge.serve('umlaut')
    const closed = edge.rule('open', { id: 'test/closed', allowFrom: ['192.0.2.0/24'] })
    const moved = edge.rule('moved', {
      id: 'test/moved',
      rewrite: { host: undefined, path: { type: 'prefix', from: '/api', value: '/v1' } },
    })
    await edge.apply(
      edge.model(
        edge.route('a.example', '/', 'open'),
        edge.route('a.example', '/public', 'open'),
        edge.route('a.example', '/admin', closed),
        edge.route('a.example', '/api', moved),
        edge.route('a.example', '/über%7e', 'umlaut'),
        edge.route('re.example', '~/re/[0-9]+', closed),
      ),
    )
  })
  after(() => edge.close())

  /** The whole answer; the client says `Connection: close` by itself when it is to end. */
  async function raw(text: string): Promise<string> {
    const socket = connect(edge.ports.http, '127.0.0.1')
    socket.setTimeout(LIMIT_MS, () => socket.destroy())
    let answer = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      answer += chunk
    })
    socket.write(text, 'latin1')
    await once(socket, 'close')
    return answer
  }

  const request = (path: string, { host = 'a.example', method = 'GET', more = '' } = {}) =>
    raw(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`)
  const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])

  it('comes to no closed path by another spelling of it', async () => {
    for (const path of [
      '/admin',
      '/admin/',
      '/public/../admin',
      '/public/%2e%2E/admin',
      '/./admin',
      '/public/../../../admin',
      '//admin',
      '///admin/x',
      '/%61dmin',
      '/%2Fadmin',
      '/%2fadmin',
      '/admin%2fx',
      'http://a.example/public/../admin',
    ])
      assert.equal(statusOf(await request(path)), 403, path)
    for (const path of [
      '/public%2f..%2fadmin',
      '/public/..%2fadmin',
      '/public/..%5cadmin',
      '/public/..\\admin',
      '/public/..;/admin',
      '/public/.;x=1/../admin/..;',
      '/public/%2e%2e%2fadmin',
      '/%zzadmin',
      '/100%',
      '/100%2',
    ])
      assert.equal(statusOf(await request(path)), 400, path)
    for (const path of ['/re/./1', '/re//%31'])
      assert.equal(statusOf(await request(path, { host: 're.example' })), 403, path)
  })

  it('gets what else it asks for as it wrote it', async () => {
    for (const path of [
      '/a%2Fb',
      '/a//b?c=/../d',
      '/...',
      '/a..b/..c',
      '/%C3%BC',
      '/a%20b%25',
      '/x?%2e%2e%2f',
      '/a%2Fb?c=100%&d=%zz&%41',
      '/~a',
    ])
      assert.match(await request(path), new RegExp(`\\nopen ${path.replaceAll(/[.?]/g, '\\$&')} `), path)
    assert.match(await request('/api/a%2Fb//c?d'), /\nmoved \/v1\/a%2Fb\/\/c\?d /)
    assert.match(await request('//api//a%2Fb'), /\nmoved \/v1\/a\/b /)
    assert.match(await request('/api'), /\nmoved \/v1 /)
    for (const path of ['/%C3%BCber~', '/%c3%bcber%7E/x'])
      assert.match(await request(path), /\numlaut /, path)
  })

  it('has one host, which is nothing but a name', async () => {
    for (const host of [
      'a.example/public',
      'b.example, a.example',
      'x@a.example',
      'a.example/public:80',
      '*',
      'a b',
    ])
      assert.equal(statusOf(await request('/admin', { host })), 400, host)
    assert.equal(statusOf(await request('/', { more: 'Host: b.example\r\n' })), 400)
    for (const host of ['a.example.', 'A.Example:80', 'a.example.:80', 'a.example:'])
      assert.match(await request('/', { host }), /\nopen \/ /, host)
    assert.equal(statusOf(await request('/', { host: '[::1]:80' })), 404)
    assert.equal(statusOf(await raw('GET / HTTP/1.0\r\n\r\n')), 404)
  })

  it('says nothing of itself that a server could believe, and takes nothing away that the edge says', async () => {
    const more = [
      'X-Forwarded-For: 6.6.6.6',
      'X_Forwarded_For: 6.6.6.6',
      'x-forwarded_Proto: 6.6.6.6',
      'X-Forwarded-Port: 6.6.6.6',
      'X-Forwarded-Prefix: 6.6.6.6',
      'Forwarded: for=6.6.6.6',
      'X-Real-IP: 6.6.6.6',
      'Connection: X-Forwarded-For',
      'X-Mine: 7.7.7.7',
    ]
    const answer = await request('/', { more: `${more.join('\r\n')}\r\n` })
    assert.doesNotMatch(answer, /6\.6\.6\.6/)
    assert.doesNotMatch(answer, /"connection","[^"]*forwarded/)
    assert.match(answer, /"x-forwarded-for","127\.0\.0\.1"/)
    assert.match(answer, /7\.7\.7\.7/)
  })

  it('opens no tunnel in which it asks for more', async () => {
    assert.equal(statusOf(await request('a.example:443', { method: 'CONNECT', host: 'a.example:443' })), 405)
    const h2c =
      'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n'
    assert.doesNotMatch(await request('/', { more: h2c }), /h2c|http2-settings/)
    const both =
      'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
    const answer = await raw(`${both}0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a.example\r\n\r\n`)
    assert.equal(answer.match(/HTTP\/1\.1 \d+/g)?.length, 1)
    assert.doesNotMatch(answer, /"content-length"/)
    for (const length of [
      'Transfer-Encoding: xchunked',
      'Transfer-Encoding : chunked',
      'Content-Length: +1',
      'Content-Length: 1\r\nContent-Length: 2',
    ])
      assert.equal(statusOf(await request('/', { method: 'POST', more: `${length}\r\n` })), 400, length)
  })
})
