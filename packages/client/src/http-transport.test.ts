import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { type Credentials, tokenCredentials } from './credentials.ts'
import { HttpTransport, type HttpTransportOptions } from './http-transport.ts'

type Answer = (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

describe('HTTP/2 transport', {
  skip: hasOpenssl ? false : 'openssl makes the test certificate; install it',
}, () => {
  let server: Http2SecureServer
  let certificate: string
  let answer: Answer
  let requests: string[]
  const sessions = new Set<ServerHttp2Session>()
  const transports: HttpTransport[] = []

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'brume-h2-'))
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
    const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    execFileSync('openssl', ['req', '-x509', ...newKey, '-keyout', key, '-out', cert, ...subject], {
      stdio: 'ignore',
    })
    certificate = readFileSync(cert, 'utf8')
    server = createSecureServer({ key: readFileSync(key), cert: certificate })
    rmSync(folder, { recursive: true })
    server.on('session', (session) => {
      sessions.add(session)
      session.once('close', () => sessions.delete(session))
    })
    server.on('stream', (stream, headers) => {
      requests.push(`${headers[':method']} ${headers[':path']}`)
      stream.on('error', () => {})
      answer(stream, headers)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    for (const transport of transports.splice(0)) transport.close()
  })
  after(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })

  function connect(options: Partial<HttpTransportOptions> = {}): HttpTransport {
    requests = []
    answer = (stream) => {
      stream.respond({ ':status': 200, warning: '299 - "w"' })
      stream.end('ok')
    }
    const { port } = server.address() as AddressInfo
    const transport = new HttpTransport({
      server: `https://127.0.0.1:${port}`,
      ca: certificate,
      credentials: tokenCredentials('secret'),
      ...options,
    })
    transports.push(transport)
    return transport
  }

  const get = (path = '/') => ({ method: 'GET', path })
  const text = async (transport: HttpTransport, request = get()) =>
    (await (await transport.request(request)).buffer()).toString()

  it('sends method, path, query, headers, body and token, on one session', async () => {
    const transport = connect()
    let body = ''
    let seen: Record<string, unknown> = {}
    answer = (stream, headers) => {
      seen = headers
      stream.on('data', (chunk) => {
        body += chunk
      })
      stream.on('end', () => {
        stream.respond({ ':status': 201 })
        stream.end('made')
      })
    }
    const response = await transport.request({
      method: 'DELETE',
      path: '/a%2Fb',
      query: { q: 'x y' },
      headers: { 'x-test': '1' },
      body: 'BODY',
    })
    assert.equal(response.status, 201)
    assert.equal((await response.buffer()).toString(), 'made')
    assert.equal(body, 'BODY')
    assert.equal(seen['x-test'], '1')
    assert.equal(seen['authorization'], 'Bearer secret')
    assert.deepEqual(requests, ['DELETE /a%2Fb?q=x+y'])
    const session = [...sessions]
    answer = (stream) => {
      stream.respond({ ':status': 200 })
      stream.end('ok')
    }
    await Promise.all(Array.from({ length: 20 }, () => text(transport)))
    assert.deepEqual([...sessions], session)
  })

  it('gives the whole answer to a reader who comes after its end', async () => {
    const transport = connect()
    const body = Buffer.alloc(600_000, 'x')
    const streams: ServerHttp2Stream[] = []
    answer = (stream) => {
      streams.push(stream)
      stream.respond({ ':status': 200, 'content-length': body.length })
      stream.end(body)
    }
    const response = await transport.request(get())
    await Promise.all(streams.map((stream) => stream.closed || once(stream, 'close')))
    // What was sent last has arrived once a later request was answered.
    assert.equal(await text(transport, get('/later')), body.toString())
    assert.equal((await response.buffer()).length, body.length)
  })

  it('asks again on a new session when the connection was lost, but never what may have been done', async () => {
    const transport = connect()
    let losses = 1
    const normal = answer
    answer = (stream, headers) => {
      if (losses-- > 0) stream.session!.destroy()
      else normal(stream, headers)
    }
    assert.equal(await text(transport), 'ok')
    assert.deepEqual(requests, ['GET /', 'GET /'])
    losses = 1
    await assert.rejects(transport.request({ method: 'POST', path: '/p', body: '{}' }), {
      name: 'TransportError',
      code: 'ConnectionLost',
    })
    assert.equal(requests.filter((request) => request === 'POST /p').length, 1)
    assert.equal(await text(transport), 'ok')
  })

  it('asks again whatever the method when the server refused the stream', async () => {
    const transport = connect()
    let refusals = 2
    const normal = answer
    answer = (stream, headers) => {
      if (refusals-- > 0) stream.close(7)
      else normal(stream, headers)
    }
    const response = await transport.request({ method: 'POST', path: '/p', body: '{}' })
    assert.equal(response.status, 200)
    assert.equal(requests.length, 3)
  })

  it('gives up after a few losses', async () => {
    const transport = connect()
    answer = (stream) => stream.session!.destroy()
    await assert.rejects(transport.request(get()), { name: 'TransportError' })
    assert.equal(requests.length, 4)
  })

  it('lets what is under way end after GOAWAY, and takes a new session for the rest', async () => {
    const transport = connect()
    const release = Promise.withResolvers<void>()
    answer = async (stream) => {
      stream.respond({ ':status': 200 })
      stream.write('a')
      stream.session!.goaway(0)
      await release.promise
      stream.end('b')
    }
    const first = await transport.request(get('/first'))
    const firstText = first.buffer()
    answer = (stream) => {
      stream.respond({ ':status': 200 })
      stream.end('second')
    }
    assert.equal(await text(transport, get('/second')), 'second')
    release.resolve()
    assert.equal((await firstText).toString(), 'ab')
  })

  it('opens another session when one is full, and closes it when it is not needed any more', {
    timeout: 20_000,
  }, async () => {
    const transport = connect()
    const opening = once(server, 'session')
    server.once('session', (session) => session.settings({ maxConcurrentStreams: 5 }))
    const waiting = new AbortController()
    await (await transport.request({ method: 'GET', path: '/first', query: {}, headers: {} })).buffer()
    answer = (stream, headers) => {
      stream.respond({ ':status': 200 })
      if (headers[':path'] === '/last') stream.end('ok')
    }
    const watch = () =>
      transport.request({ method: 'GET', path: '/watch', query: {}, headers: {}, signal: waiting.signal })
    const watches = await Promise.all(Array.from({ length: 205 }, watch))
    assert.equal(watches.length, 205)
    const last = await transport.request({ method: 'GET', path: '/last', query: {}, headers: {} })
    assert.equal((await last.buffer()).toString(), 'ok')
    const [first] = (await opening) as [ServerHttp2Session]
    assert.ok(sessions.has(first) && sessions.size >= 2)
    const closed = once(first, 'close')
    waiting.abort()
    await closed
    const after = await transport.request({ method: 'GET', path: '/last', query: {}, headers: {} })
    assert.equal((await after.buffer()).toString(), 'ok')
  })

  it('reports an answer that is cut off, and never gives it as whole', async () => {
    const transport = connect()
    const cuts: ((stream: ServerHttp2Stream) => void)[] = [
      (stream) => stream.close(2),
      (stream) => stream.session!.destroy(new Error('crash')),
      // Looks like a proper end: only the length tells.
      (stream) => stream.session!.destroy(),
    ]
    for (const cut of cuts) {
      answer = (stream) => {
        stream.respond({ ':status': 200, 'content-length': 8 })
        stream.write('half', () => setImmediate(() => cut(stream)))
      }
      const response = await transport.request(get())
      await assert.rejects(response.buffer(), { name: 'TransportError', code: 'ConnectionLost' }, String(cut))
    }
  })

  it('ends the stream on the server when its reader leaves or aborts', async () => {
    const transport = connect()
    for (const leave of ['break', 'abort']) {
      const closed = Promise.withResolvers<void>()
      answer = (stream) => {
        stream.once('close', () => closed.resolve())
        stream.respond({ ':status': 200 })
        stream.write('event')
      }
      const abort = new AbortController()
      const response = await transport.request({ ...get(), signal: abort.signal })
      const reading = (async () => {
        for await (const _chunk of response.body) {
          if (leave === 'break') break
          abort.abort()
        }
      })()
      if (leave === 'break') await reading
      else await assert.rejects(reading, { name: 'AbortError' })
      await closed.promise
    }
  })

  it('gives up an answer that does not come, and a request that is aborted', async () => {
    const transport = connect({ answerTimeoutMs: 30 })
    answer = () => {}
    await assert.rejects(transport.request({ method: 'POST', path: '/', body: '' }), { code: 'Timeout' })
    const abort = new AbortController()
    const request = transport.request({ method: 'POST', path: '/', signal: abort.signal })
    abort.abort()
    await assert.rejects(request, { name: 'AbortError' })
  })

  it('asks for other credentials once after a 401', async () => {
    let token = 'old'
    const credentials: Credentials = {
      authorization: async () => `Bearer ${token}`,
      certificate: async () => ({}),
      refresh() {
        token = 'new'
        return true
      },
    }
    const transport = connect({ credentials })
    answer = (stream, { authorization }) => {
      stream.respond({ ':status': authorization === 'Bearer new' ? 200 : 401 })
      stream.end(String(authorization))
    }
    assert.equal(await text(transport), 'Bearer new')
    answer = (stream) => {
      stream.respond({ ':status': 401 })
      stream.end()
    }
    assert.equal((await transport.request(get())).status, 401)
  })

  it('does not trust a certificate of another authority', async () => {
    const transport = connect({ ca: undefined as never })
    await assert.rejects(transport.request(get()), { name: 'TransportError', code: 'Certificate' })
    assert.deepEqual(requests, [])
    assert.equal(await text(connect({ ca: undefined as never, insecureSkipTlsVerify: true })), 'ok')
  })

  it('says that nobody listens, and takes no requests after close', async () => {
    const transport = connect({ server: 'https://127.0.0.1:1' })
    await assert.rejects(transport.request(get()), { code: 'Unreachable' })
    const closed = connect()
    assert.equal(await text(closed), 'ok')
    closed.close()
    await assert.rejects(closed.request(get()), { code: 'Closed' })
  })

  it('gives up a connection whose other end is silent', async () => {
    const { port } = server.address() as AddressInfo
    const sockets: Socket[] = []
    const proxy = createServer((near) => {
      const far = createConnection(port, '127.0.0.1')
      sockets.push(near, far)
      for (const socket of [near, far]) socket.on('error', () => {})
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const through = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const transport = connect({ server: through, pingIntervalMs: 20 })
    answer = (stream) => {
      stream.respond({ ':status': 200 })
      stream.write('event')
    }
    const { body } = await transport.request(get())
    const reader = body[Symbol.asyncIterator]()
    assert.equal(String((await reader.next()).value), 'event')
    // The machine in between is gone: nothing comes back, no reset either.
    for (const socket of sockets) {
      socket.unpipe()
      socket.pause()
    }
    await assert.rejects(reader.next(), { name: 'TransportError', code: 'ConnectionLost' })
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
})
