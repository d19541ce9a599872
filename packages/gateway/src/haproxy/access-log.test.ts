// What HAProxy says of requests, and to whom it says its figures.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import { RealEdge } from '@brume/testkit/real-edge'
import { ACCESS_LOG } from './process.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false

describe('the access log', { skip, timeout: 60_000 }, () => {
  const edge = new RealEdge()
  const { dir } = edge

  before(async () => {
    await edge.listen()
    await edge.serve('web')
    await edge.apply(edge.model(edge.route('web.example', '/', 'web')))
  })
  after(() => edge.close())

  const linesOf = (name: string) =>
    readFileSync(join(dir, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  const all = () =>
    readdirSync(dir)
      .filter((name) => name.startsWith(ACCESS_LOG))
      .flatMap(linesOf)

  it('has a line of JSON for each request, whatever is in it', async () => {
    const path = `/a"b\\c%22?q=${'x'.repeat(3000)}`
    await edge.ask('web.example', path, { method: 'PATCH' })
    await edge.ask('nobody".example', '/')
    const lines = await eventually('two lines', () => (all().length >= 2 ? all() : undefined))
    const [first, second] = lines
    const { time, ms, bytes, server, ...rest } = first
    assert.deepEqual(rest, {
      client: '127.0.0.1',
      port: edge.ports.http,
      host: 'web.example',
      method: 'PATCH',
      path: '/a"b\\c%22',
      status: 200,
      backend: 'd:web:80:0.0',
      route: 'test:web',
      ended: '--',
    })
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.deepEqual([typeof ms, typeof bytes], ['number', 'number'])
    assert.equal(server, `127.0.0.1:${edge.endpoints.get('web')![0]!.port}`)
    assert.deepEqual([second.host, second.status], ['nobody".example', 400])
  })

  it('is put aside when it is full, and no line is lost', async () => {
    const before = all().length
    let asked = 0
    let stop = false
    const clients = [1, 2, 3, 4].map(async (client) => {
      while (!stop) {
        asked++
        const { status } = await edge.ask('web.example', `/${client}/${asked}`)
        assert.equal(status, 200)
      }
    })
    for (let i = 1; i <= 3; i++) {
      const first = edge.haproxy.running!.pid
      assert.equal(await edge.applier.renewLog(1), true)
      assert.notEqual(edge.haproxy.running!.pid, first)
      const now = asked
      await eventually('more was asked', () => asked > now + 20)
    }
    stop = true
    await Promise.all(clients)
    await eventually('all lines are there', () => all().length >= before + asked)
    assert.equal(all().length, before + asked)
    assert.ok(readdirSync(dir).includes(`${ACCESS_LOG}.3`))
    assert.equal(await edge.applier.renewLog(), false)
    assert.equal(await edge.applier.isIntact(), true)
  })

  it('is not written when it is not wanted', async () => {
    edge.applier = edge.newApplier({ accessLog: false })
    await edge.apply(edge.model(edge.route('web.example', '/', 'web')))
    const before = all().length
    await edge.ask('web.example', '/')
    await edge.ask('web.example', '/')
    assert.equal(all().length, before)
  })
})

describe("the edge's figures", { skip, timeout: 60_000 }, () => {
  const edge = new RealEdge()
  after(() => edge.close())

  it('are told to the machine and to whom it names, in the format of Prometheus, and to nobody else', async () => {
    await edge.listen()
    await edge.serve('web')
    const port = await freePort()
    const model = edge.model(edge.route('web.example', '/', 'web'))
    // Who asks at an address of the machine comes from there.
    const [own] = Object.values(networkInterfaces())
      .flat()
      .filter((one) => one?.family === 'IPv4' && !one.internal)
    const ask = async (from: readonly string[], at?: string) => {
      edge.applier = edge.newApplier({ metrics: { port, from } })
      await edge.apply(model)
      return edge.ask('any', '/metrics', { port, at })
    }
    await ask([])
    await edge.ask('web.example', '/')
    const { status, text } = await ask([])
    assert.equal(status, 200)
    assert.match(text, /haproxy_backend_http_responses_total\{proxy="test:web",code="2xx"\} 1\n/)
    if (own === undefined) return
    assert.equal((await ask([], own.address)).status, 403)
    assert.equal((await ask([`${own.address}/32`], own.address)).status, 200)
  })
})
