// The configuration as HAProxy itself reads it, with real connections.

import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { isSameProcess } from '@brume/machine/process-id'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import { RealEdge } from '@brume/testkit/real-edge'
import { ask as tell } from './haproxy/admin.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false

describe('the edge', { skip, timeout: 120_000 }, () => {
  const edge = new RealEdge()
  const { dir, haproxy } = edge
  const ask = edge.ask.bind(edge)
  const heard = edge.heard.bind(edge)
  const toHttps = () => {
    const redirect = {
      scheme: 'https',
      host: undefined,
      port: edge.ports.https,
      path: undefined,
      code: 308,
    } as const
    return edge.rule('nobody', { id: 'test/to-https', targets: [], redirect })
  }
  const model = () =>
    edge.model(
      edge.route('a.example', '/', 'web'),
      edge.route('a.example', '/shop', 'shop'),
      edge.route('a.example', '=/exact', 'exact'),
      edge.route('*.wild.example', '/', 'wild', { oneLabel: true }),
      edge.route('', '/', 'any'),
      edge.route('gone.example', '/', 'gone'),
      edge.route('tls.example', '/', 'web', { ports: [edge.ports.https] }),
      edge.route('tls.example', '/', toHttps(), { ports: [edge.ports.http] }),
    )

  before(async () => {
    await edge.listen()
    for (const name of ['web', 'shop', 'exact', 'wild', 'any']) await edge.serve(name)
    await edge.apply(model())
  })
  after(() => edge.close())

  it('finds the longest path of the very host, element by element', async () => {
    assert.equal(await heard('a.example', '/'), 'web')
    assert.equal(await heard('A.Example:8080', '/shop'), 'shop')
    assert.equal(await heard('a.example', '/shop/cart?x=/'), 'shop')
    assert.equal(await heard('a.example', '/shopping'), 'web')
    assert.equal(await heard('a.example', '/exact'), 'exact')
    assert.equal(await heard('a.example', '/exact/more'), 'web')
  })

  it('takes a wildcard for one label, and any host for all others', async () => {
    assert.equal(await heard('x.wild.example', '/'), 'wild')
    assert.equal(await heard('y.x.wild.example', '/'), 'any')
    assert.equal(await heard('nobody.example', '/'), 'any')
  })

  it('says what is missing behind a route', async () => {
    const { status, text } = await ask('gone.example', '/')
    assert.deepEqual([status, text], [503, 'Service d/gone does not exist\n'])
  })

  it('tells the backend who asks, and does not believe what a client says of that', async () => {
    const { text } = await ask('a.example', '/', {
      headers: { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' },
    })
    assert.equal(text, 'web / 127.0.0.1 http')
    assert.equal((await ask('a.example', '/', { secure: true })).text, 'web / 127.0.0.1 https')
  })

  it('sends to HTTPS where that is asked for', async () => {
    const { status, headers } = await ask('tls.example:8080', '/x?y')
    assert.deepEqual([status, headers.location], [308, `https://tls.example:${edge.ports.https}/x?y`])
  })

  it('leaves hosts with routes of their own alone when all others are sent to HTTPS', async () => {
    await edge.apply(edge.model(edge.route('a.example', '/', 'web'), edge.route('', '/', toHttps())))
    await eventually('others are sent to HTTPS', async () => (await ask('b.example', '/')).status === 308)
    assert.equal(await heard('a.example', '/'), 'web')
    await edge.apply(model())
    await eventually('they are not any more', async () => (await heard('b.example', '/')) === 'any')
  })

  it('changes backends without losing a request', async () => {
    let failed = 0
    let asked = 0
    let stop = false
    const load = Promise.all(
      [1, 2, 3, 4].map(async () => {
        while (!stop) {
          asked++
          const { status } = await ask('a.example', '/').catch(() => ({ status: 0 }))
          if (status !== 200) failed++
        }
      }),
    )
    for (const name of ['new-1', 'new-2', 'new-3']) {
      edge.endpoints.set('web', [await edge.serve(name)])
      assert.equal((await edge.apply(model())).by, 'telling')
      await eventually(`${name} is asked`, async () => (await heard('a.example', '/')) === name)
    }
    stop = true
    await load
    assert.equal(failed, 0, `${failed} of ${asked} requests failed`)
    assert.ok(asked > 10)
  })

  it('does not share its ports with another one, says which it cannot have, and listens on all others', async () => {
    const other = new RealEdge()
    try {
      await other.listen()
      other.ports.http = edge.ports.http
      await other.serve('web')
      const { ports } = await other.apply(other.model(other.route('', '/', 'web')))
      assert.match(ports.get(edge.ports.http) ?? '', /^0\.0\.0\.0:\d+ is in use by another program$/)
      assert.equal(await other.heard('a.example', '/', { secure: true }), 'web')
      assert.equal(await heard('a.example', '/shop'), 'shop')
    } finally {
      await other.close()
    }
  })

  it('keeps the ports of the machine and of its own figures to itself, and serves all others', async () => {
    const metrics = { port: await freePort(), from: [] }
    edge.applier = edge.newApplier({ metrics })
    const wanted = model()
    for (const port of [metrics.port, 22]) {
      wanted.listeners.push({ port, protocol: 'http' })
      wanted.routes.push(edge.route('', '/', 'any', { ports: [port] }))
    }
    const { ports } = await edge.apply(wanted)
    assert.deepEqual([...ports.keys()], [metrics.port, 22])
    assert.equal(await heard('a.example', '/shop'), 'shop')
    assert.match(await heard('a.example', '/metrics', { port: metrics.port }).then(String), /^#$/)
    edge.applier = edge.newApplier()
    await edge.apply(model())
  })

  it('listens again where a worker that could not take over has stopped listening', async () => {
    await tell(haproxy.socket, `disable frontend http:${edge.ports.http}`)
    await assert.rejects(heard('a.example', '/shop'))
    assert.equal(await edge.applier.isIntact(), false)
    assert.equal((await edge.apply(model())).by, 'loading')
    assert.equal(await heard('a.example', '/shop'), 'shop')
    assert.equal(await edge.applier.isIntact(), true)
  })

  it('goes on changing when its socket is gone', async () => {
    const first = haproxy.running!
    rmSync(haproxy.socket)
    assert.equal(await edge.applier.isIntact(), false)
    assert.equal((await edge.apply(model())).by, 'loading')
    assert.equal(await heard('a.example', '/shop'), 'shop')
    assert.notEqual(haproxy.running!.pid, first.pid)
    await eventually('the one before has ended', () => !isSameProcess(first))
    assert.equal(await edge.applier.isIntact(), true)
  })

  it('is found again when nobody wrote down that it was started, or only a part', async () => {
    const first = haproxy.running!
    for (const text of ['', '{"pid":', undefined]) {
      if (text === undefined) rmSync(join(dir, 'haproxy.json'))
      else writeFileSync(join(dir, 'haproxy.json'), text)
      assert.deepEqual(haproxy.running, first)
      edge.applier = edge.newApplier()
      assert.equal((await edge.apply(model())).by, 'nothing')
    }
  })

  it('is adopted by the next one who comes, and started again when it was killed', async () => {
    const first = haproxy.running!
    edge.applier = edge.newApplier()
    assert.equal((await edge.apply(model())).by, 'nothing')
    assert.equal(haproxy.running!.pid, first.pid)
    process.kill(first.pid, 'SIGKILL')
    await eventually('it is seen to be gone', () => haproxy.running === undefined)
    assert.equal((await edge.apply(model())).by, 'starting')
    assert.notEqual(haproxy.running!.pid, first.pid)
    assert.equal(await heard('a.example', '/shop'), 'shop')
  })

  it('finds what was changed behind its back, in the files or in the process, and mends it', async () => {
    const config = join(dir, 'haproxy.cfg')
    const good = readFileSync(config, 'utf8')
    const mended = async (what: string, by: string) => {
      assert.equal(await edge.applier.isIntact(), false, what)
      assert.equal((await edge.apply(model())).by, by, what)
      assert.equal(await edge.applier.isIntact(), true, what)
      assert.equal(readFileSync(config, 'utf8'), good, what)
      assert.equal(await heard('a.example', '/shop'), 'shop', what)
    }
    assert.equal(await edge.applier.isIntact(), true)
    writeFileSync(config, `${good}\nnonsense here\n`)
    await mended('a line more', 'loading')
    const [, server] = /server (\S+) \S+ weight 1/.exec(good.slice(good.indexOf('backend test:shop')))!
    const { socket } = haproxy
    await tell(socket, `set server test:shop/${server} state maint`)
    await mended('a server in maintenance', 'nothing')
    await tell(socket, `clear map ${dir}/prefix.map`)
    await mended('an empty map', 'nothing')
    writeFileSync(join(dir, 'prefix.map'), 'nothing here\n')
    await mended('another map in the file', 'telling')
  })
})
