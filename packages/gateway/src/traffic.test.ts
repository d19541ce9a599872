// Traffic that goes on while the edge changes: nothing that is asked is lost.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect as connectH2, createServer as createH2Server, type Http2Server } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { RealEdge } from '@brume/testkit/real-edge'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const CLIENTS = 8

describe('traffic', { skip, timeout: 60_000 }, () => {
  const edge = new RealEdge()
  let grpc: Http2Server

  before(async () => {
    await edge.listen()
    await edge.serve('web')
    grpc = createH2Server()
    grpc.on('stream', (stream, headers) => {
      stream.respond({ ':status': 200, 'content-type': headers['content-type']! }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.pipe(stream)
    })
    grpc.listen(0, '127.0.0.1')
    await once(grpc, 'listening')
    edge.endpoints.set('grpc', [{ ip: '127.0.0.1', port: (grpc.address() as AddressInfo).port }])
    await edge.apply(model())
  })
  after(async () => {
    await edge.close()
    grpc.close()
  })

  const h2c = () => edge.rule('grpc', { targets: [{ ...edge.rule('grpc').targets[0]!, protocol: 'h2c' }] })
  const model = (...hosts: string[]) =>
    edge.model(
      edge.route('web.example', '/', 'web'),
      edge.route('grpc.example', '/', h2c()),
      ...hosts.map((host) => edge.route(host, '/', edge.rule('web', { id: `test/${host}` }))),
    )

  /** Clients that keep their connections, half of them posting; what went wrong. */
  async function under(load: () => Promise<void>): Promise<{ failed: string[]; asked: number }> {
    const agent = new Agent({ keepAlive: true })
    const failed: string[] = []
    let asked = 0
    let stop = false
    const one = (method: string) =>
      new Promise<string | undefined>((resolve, reject) => {
        const headers = { host: 'web.example' }
        const sent = request({ port: edge.ports.http, method, path: '/', headers, agent }, (answer) => {
          let text = ''
          answer.setEncoding('utf8').on('data', (chunk) => {
            text += chunk
          })
          answer.on('end', () =>
            resolve(answer.statusCode === 200 ? undefined : `${answer.statusCode} ${text}`),
          )
          answer.on('error', reject)
        })
        sent.on('error', reject)
        sent.end(method === 'POST' ? 'x'.repeat(1000) : undefined)
      })
    const clients = Array.from({ length: CLIENTS }, async (_, i) => {
      while (!stop) {
        asked++
        const wrong = await one(i % 2 === 0 ? 'GET' : 'POST').catch(String)
        if (wrong !== undefined) failed.push(wrong)
      }
    })
    try {
      await load()
    } finally {
      stop = true
      await Promise.all(clients)
      agent.destroy()
    }
    return { failed, asked }
  }

  /** Asks for the upgrade of a socket that says everything back. */
  async function webSocket(host: string): Promise<Socket> {
    const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' }
    const headers = { host, connection: 'Upgrade', upgrade: 'websocket', ...key }
    const sent = request({ port: edge.ports.http, headers })
    sent.end()
    const [, socket] = (await once(sent, 'upgrade')) as [IncomingMessage, Socket]
    return socket
  }

  it('loses no request when endpoints are replaced one after the other, without a reload', async () => {
    const names = ['a', 'b', 'c', 'd']
    let endpoints = [...edge.endpoints.get('web')!]
    for (const name of ['x', 'y']) endpoints.push(await edge.serve(name))
    edge.endpoints.set('web', endpoints)
    await edge.apply(model())
    const { failed, asked } = await under(async () => {
      for (const name of names) {
        // As a Deployment does: a new one is ready, an old one finishes what it has, then it is gone.
        const old = endpoints[0]!
        endpoints = [...endpoints.slice(1), await edge.serve(name)]
        edge.endpoints.set('web', [...endpoints, { ...old, leaving: true }])
        assert.equal((await edge.apply(model())).by, 'telling')
        await eventually(`${name} is asked`, async () => (await edge.heard('web.example', '/')) === name)
        edge.endpoints.set('web', endpoints)
        assert.equal((await edge.apply(model())).by, 'telling')
        await edge.end(old)
      }
    })
    assert.deepEqual(failed, [], `of ${asked}`)
    assert.ok(asked > 100, `${asked}`)
  })

  it('loses no request while routes come and go', async () => {
    const { failed, asked } = await under(async () => {
      for (const hosts of [['b.example'], ['b.example', 'c.example'], []]) {
        assert.equal((await edge.apply(model(...hosts))).by, 'loading')
        for (const host of hosts) assert.equal((await edge.ask(host, '/')).status, 200)
      }
    })
    assert.deepEqual(failed, [], `of ${asked}`)
  })

  it('keeps a WebSocket open over changes of endpoints and routes', async () => {
    const talking = await edge.serve('talking')
    edge.onUpgrade('talking', (socket) => {
      // The key of RFC 6455's own example has this answer.
      const accept = 'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='
      const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: Upgrade', accept]
      socket.write(`${head.join('\r\n')}\r\n\r\n`)
      socket.pipe(socket)
    })
    const withTalking = (...hosts: string[]) => {
      const plain = model(...hosts)
      return { ...plain, routes: [...plain.routes, edge.route('ws.example', '/', 'talking')] }
    }
    await edge.apply(withTalking())
    const socket = await webSocket('ws.example')
    const says = async (text: string) => {
      socket.write(text)
      const [heard] = await once(socket, 'data')
      assert.equal(String(heard), text)
    }
    await says('before')
    edge.endpoints.set('talking', [talking, await edge.serve('other')])
    await edge.apply(withTalking())
    await says('more endpoints')
    assert.equal((await edge.apply(withTalking('d.example'))).by, 'loading')
    await says('after a reload')
    socket.destroy()
    await edge.apply(model())
  })

  it('of gRPC passes through as HTTP/2 without TLS, trailers and all', async () => {
    const session = connectH2(`http://127.0.0.1:${edge.ports.http}`)
    const stream = session.request({
      ':method': 'POST',
      ':path': '/a.B/C',
      ':authority': 'grpc.example',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stream.end('hello')
    const trailers = once(stream, 'trailers')
    let text = ''
    for await (const chunk of stream) text += chunk
    assert.equal(text, 'hello')
    assert.equal((await trailers)[0]['grpc-status'], '0')
    session.close()
  })
})
