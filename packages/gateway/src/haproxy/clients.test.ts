// One client that takes all that it can, and another one that asks.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, test } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { RealEdge } from '@brume/testkit/real-edge'
import { ask } from './admin.ts'
import { connectionLines, fairLimit } from './clients.ts'

const found = findExecutable('haproxy')
const skip = found === undefined ? 'haproxy is not installed' : false
/** Of HAProxy: it takes about half as many connections. */
const FILES = 400
const LIMIT = 20
const [GREEDY, OTHER, PROXY] = ['127.0.0.2', '127.0.0.1', '127.0.0.3']

describe('a client', { skip, timeout: 120_000 }, () => {
  const edge = new RealEdge()
  const bin = mkdtempSync(join(tmpdir(), 'brume-few-files-'))
  const path = process.env['PATH']
  const held = new Set<Socket>()

  before(async () => {
    const script = `#!/bin/bash\nulimit -n ${FILES}\nexec -a haproxy ${found} "$@"\n`
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'haproxy'), script, { mode: 0o755 })
    process.env['PATH'] = `${bin}:${path}`
    await edge.listen()
    await edge.serve('web')
    edge.applier = edge.newApplier({ ipv6: true, clients: { connections: LIMIT, proxies: [PROXY] } })
    const limited = edge.rule('web', {
      id: 'test/limited',
      rateLimit: { requests: 2, perSeconds: 600, burst: 0 },
    })
    await edge.apply(
      edge.model(edge.route('web.example', '/', 'web'), edge.route('few.example', '/', limited)),
    )
  })
  after(async () => {
    for (const socket of held) socket.destroy()
    process.env['PATH'] = path
    await edge.close()
    rmSync(bin, { recursive: true })
  })

  /** Says nothing, or less than a request. */
  function hold(localAddress: string, port: number, words = ''): Socket {
    const socket = connect({ host: '127.0.0.1', port, localAddress })
    socket.on('error', () => {}).on('close', () => held.delete(socket))
    socket.resume().write(words)
    held.add(socket)
    return socket
  }
  const holding = (address: string) => [...held].filter((one) => one.localAddress === address).length

  async function letGo(): Promise<void> {
    for (const socket of held) socket.destroy()
    const counted = () => ask(edge.haproxy.socket, 'show table clients')
    await eventually('nobody has any', async () => !/conn_cur=[1-9]/.test(await counted()))
  }

  it('that opens more than all connections there can be keeps nobody else out, on any port', async () => {
    for (let i = 0; i < FILES; i++) hold(GREEDY, i % 2 === 0 ? edge.ports.http : edge.ports.https)
    await eventually('the others are closed', () => holding(GREEDY) === LIMIT)
    assert.equal(await edge.heard('web.example', '/', { at: OTHER }), 'web')
    assert.equal(await edge.heard('web.example', '/', { at: OTHER, secure: true }), 'web')
    await letGo()
    const socket = hold(GREEDY, edge.ports.http, 'GET / HTTP/1.1\r\nHost: web.example\r\n\r\n')
    let text = ''
    socket.on('data', (part) => {
      text += part
    })
    await eventually('it is answered again', () => text.includes('web /'))
    await letGo()
  })

  it('may have as many as it likes when it is said to be a proxy', async () => {
    for (let i = 0; i < LIMIT * 2; i++) hold(PROXY, edge.ports.http)
    const many = async () => Number(/CurrConns: (\d+)/.exec(await ask(edge.haproxy.socket, 'show info'))?.[1])
    await eventually('all of them are open', async () => (await many()) >= LIMIT * 2)
    assert.equal(holding(PROXY), LIMIT * 2)
    await letGo()
  })

  it('that never comes to the end of its request is answered that it was too slow, while it goes on writing', async () => {
    const socket = hold(GREEDY, edge.ports.http, 'GET / HTTP/1.1\r\nHost: web.example\r\n')
    let text = ''
    socket.on('data', (part) => {
      text += part
    })
    const more = setInterval(() => socket.write('X-More: 1\r\n'), 500)
    await eventually('it is told', () => text.includes(' 408 '), 60_000)
    await eventually('it is closed', () => !held.has(socket))
    clearInterval(more)
  })

  it('of IPv6 is its network, for rates too, and stays that over a reload', async () => {
    const counted = (table: string) => ask(edge.haproxy.socket, `show table ${table}`)
    const asked = () => edge.ask('few.example', '/', { at: '::1' })
    assert.equal((await asked()).status, 200)
    assert.match(await counted('test:limited'), /key=:: .*gpc0_rate\(\d+\)=1\n/)
    await edge.serve('more')
    const { by } = await edge.apply(
      edge.model(
        ...['web.example', 'more.example'].map((host) => edge.route(host, '/', 'web')),
        edge.route(
          'few.example',
          '/',
          edge.rule('web', { id: 'test/limited', rateLimit: { requests: 2, perSeconds: 600, burst: 0 } }),
        ),
        edge.route('new.example', '/a', 'more'),
      ),
    )
    assert.equal(by, 'loading')
    assert.match(await counted('test:limited'), /key=:: .*gpc0_rate\(\d+\)=1\n/)
    assert.deepEqual([(await asked()).status, (await asked()).status], [200, 429])
    const socket = connect({ host: '::1', port: edge.ports.http })
    held.add(socket)
    await eventually('it is counted', async () => /key=:: .*conn_cur=1/.test(await counted('clients')))
    await letGo()
  })
})

test("a part of all connections is never one client's, however few there are", () => {
  assert.equal(fairLimit({ connections: 2000, proxies: [] }, 100_000).connections, 2000)
  assert.equal(fairLimit({ connections: 2000, proxies: [] }, 1024).connections, 128)
  assert.equal(fairLimit({ connections: 0, proxies: [] }, 1024).connections, 0)
  assert.deepEqual(connectionLines({ connections: 0, proxies: [] }), [])
})
