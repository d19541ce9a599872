// Connections that are passed on unopened, as HAProxy itself does it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { findExecutable } from '@brume/machine/executables'
import { freePort } from '@brume/testkit/free-port'
import { ownCertificate, RealEdge } from '@brume/testkit/real-edge'
import type { StreamRoute, Target } from '../model.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false

describe('a stream', { skip, timeout: 120_000 }, () => {
  const edge = new RealEdge()
  const open: Server[] = []
  let tcp = 0
  let passed = 0

  const target = (service: string): Target => ({
    backend: { namespace: 'd', service, port: '' },
    weight: 1,
    protocol: 'http',
  })
  const stream = (
    name: string,
    host: string,
    port: number,
    more: Partial<StreamRoute> = {},
  ): StreamRoute => ({
    ports: [port],
    host,
    id: `stream/${name}`,
    order: '0',
    targets: [target(name)],
    ...more,
  })

  async function listen(name: string, server: Server): Promise<void> {
    open.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    edge.endpoints.set(name, [{ ip: '127.0.0.1', port: (server.address() as AddressInfo).port }])
  }
  const talk = async (socket: ReturnType<typeof connect>): Promise<string> => {
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
    await once(socket, 'close')
    return text
  }
  const tls = (port: number, servername: string) =>
    talk(connectTls({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }))

  before(async () => {
    await edge.listen()
    tcp = await freePort()
    passed = await freePort()
    await edge.serve('web')
    const pem = ownCertificate()
    for (const name of ['exact', 'wild'])
      await listen(
        name,
        createTlsServer({ cert: pem, key: pem }, (socket) => socket.end(name)),
      )
    await listen(
      'plain',
      createServer((socket) => socket.end('plain')),
    )
    const streams = [
      stream('exact', 'a.pass.example', edge.ports.https),
      stream('wild', '*.pass.example', edge.ports.https),
      stream('exact2', 'a.pass.example', edge.ports.https, { order: '1', targets: [target('plain')] }),
      stream('alone', 'only.example', passed, { targets: [target('exact')] }),
      stream('plain', '', tcp),
      stream('late', '', tcp, { order: '1', targets: [target('exact')] }),
    ]
    const model = edge.model(edge.route('web.example', '/', 'web'))
    model.listeners.push(
      { port: edge.ports.https, protocol: 'tls' },
      { port: passed, protocol: 'tls' },
      { port: tcp, protocol: 'tcp' },
    )
    const { rules } = await edge.apply({ ...model, streams })
    assert.deepEqual([...rules.keys()].sort(), ['stream/exact2', 'stream/late'])
    assert.match(rules.get('stream/late') ?? '', /is taken by stream\/plain, which is older/)
  })
  after(async () => {
    await edge.close()
    for (const server of open) server.close()
  })

  it('of TLS goes by the name in its hello, the very one before wildcards', async () => {
    assert.equal(await tls(edge.ports.https, 'A.pass.example'), 'exact')
    assert.equal(await tls(edge.ports.https, 'x.b.pass.example'), 'wild')
    assert.equal(await tls(passed, 'only.example'), 'exact')
  })

  it('leaves other names on its port to HTTPS, which sees who calls', async () => {
    const { text } = await edge.ask('web.example', '/', { secure: true })
    assert.equal(text, 'web / 127.0.0.1 https')
  })

  it('with a name that nobody has is closed, and so is what is no TLS', async () => {
    await assert.rejects(tls(passed, 'nobody.example'), /disconnected before secure TLS connection/)
    const socket = connect(passed, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: only.example\r\n\r\n')
    assert.equal(await talk(socket), '')
  })

  it('of TCP goes by the port alone', async () => {
    assert.equal(await talk(connect(tcp, '127.0.0.1')), 'plain')
  })
})
