// Servers behind that have to show a certificate, as HAProxy itself asks for it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { findExecutable } from '@brume/machine/executables'
import { freePort } from '@brume/testkit/free-port'
import { RealEdge } from '@brume/testkit/real-edge'
import { selfSigned } from '@brume/testkit/self-signed'
import type { BackendTls, Model, Target } from '../model.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false

describe('a server that has to show a certificate', { skip, timeout: 120_000 }, () => {
  const edge = new RealEdge()
  const servers: Server[] = []
  const ca = new Map<string, string>()
  let opened = 0

  /** It vouches for itself, and answers which name was asked for in the hello. */
  async function serveTls(name: string): Promise<void> {
    const { key, certificate: cert } = selfSigned({ commonName: 'any', dnsNames: [`${name}.example`] })
    ca.set(name, cert)
    const server = createServer({ key, cert }, (request, response) =>
      response.end(`${name} asked for ${(request.socket as TLSSocket & { servername: string }).servername}`),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
    edge.endpoints.set(name, [{ ip: '127.0.0.1', port: (server.address() as AddressInfo).port }])
  }

  before(async () => {
    await edge.listen()
    opened = await freePort()
    for (const name of ['one', 'two']) await serveTls(name)
  })
  after(async () => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
    await edge.close()
  })

  const target = (service: string, tls: BackendTls): Target => ({
    backend: { namespace: 'd', service, port: '80' },
    weight: 1,
    protocol: 'https',
    tls,
  })
  const model = (asked: Record<string, Target>): Model =>
    edge.model(
      ...Object.entries(asked).map(([name, to]) =>
        edge.route(`${name}.test`, '/', edge.rule('', { id: `test/${name}`, targets: [to] })),
      ),
    )
  const good = () => target('one', { authority: ca.get('one')!, hostname: 'one.example' })

  it('is asked by the name that it has to have, of a CA that is named or that the machine trusts', async () => {
    const { rules } = await edge.apply(
      model({
        good: good(),
        'other-name': target('one', { authority: ca.get('one')!, hostname: 'two.example' }),
        'other-ca': target('one', { authority: ca.get('two')!, hostname: 'one.example' }),
        machine: target('one', { authority: 'system', hostname: 'one.example' }),
        both: target('two', { authority: ca.get('one')! + ca.get('two')!, hostname: 'two.example' }),
      }),
    )
    assert.deepEqual([...rules], [])
    const heard = async (name: string) => {
      const { status, text } = await edge.ask(`${name}.test`, '/')
      return status === 200 ? text : status
    }
    assert.equal(await heard('good'), 'one asked for one.example')
    assert.equal(await heard('both'), 'two asked for two.example')
    for (const name of ['other-name', 'other-ca', 'machine']) assert.equal(await heard(name), 503, name)
  })

  it('is judged by another CA from the next change on', async () => {
    await edge.apply(model({ good: target('one', { authority: ca.get('two')!, hostname: 'one.example' }) }))
    assert.equal((await edge.ask('good.test', '/')).status, 503)
    assert.equal((await edge.apply(model({ good: good() }))).by, 'loading')
    assert.equal((await edge.ask('good.test', '/')).status, 200)
    assert.equal((await edge.apply(model({ good: good() }))).by, 'nothing')
  })

  it('is asked so for whole connections that are opened here', async () => {
    const stream = (name: string, tls: BackendTls) => ({
      ports: [opened],
      host: `${name}.test`,
      id: `stream/${name}`,
      order: '0',
      targets: [target('one', tls)],
    })
    const { tls } = good()
    await edge.apply({
      ...model({ good: good() }),
      listeners: [{ port: opened, protocol: 'opened-tls' }],
      streams: [stream('good', tls!), stream('bad', { ...tls!, hostname: 'two.example' })],
    })
    const talk = async (servername: string) => {
      const socket = connectTls({ host: '127.0.0.1', port: opened, servername, rejectUnauthorized: false })
      let text = ''
      socket.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      socket.on('error', () => {})
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
      await once(socket, 'close')
      return text
    }
    assert.match(await talk('good.test'), /one asked for one\.example/)
    assert.equal(await talk('bad.test'), '')
  })
})
