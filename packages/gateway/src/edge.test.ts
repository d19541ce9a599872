// The configuration as HAProxy itself reads it, with real connections.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { GatewayError, Haproxy } from './haproxy/process.ts'
import { RealEdge } from './testing/real-edge.ts'

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
    edge.write(model())
    await haproxy.apply()
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
    edge.write(edge.model(edge.route('a.example', '/', 'web'), edge.route('', '/', toHttps())))
    await haproxy.apply()
    await eventually('others are sent to HTTPS', async () => (await ask('b.example', '/')).status === 308)
    assert.equal(await heard('a.example', '/'), 'web')
    edge.write(model())
    await haproxy.apply()
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
      assert.equal(edge.write(model()), true)
      await haproxy.apply()
      await eventually(`${name} is asked`, async () => (await heard('a.example', '/')) === name)
    }
    stop = true
    await load
    assert.equal(failed, 0, `${failed} of ${asked} requests failed`)
    assert.ok(asked > 10)
  })

  it('keeps serving when a configuration is wrong, and says what is wrong with it', async () => {
    const config = join(dir, 'haproxy.cfg')
    const good = readFileSync(config, 'utf8')
    writeFileSync(config, `${good}\nnonsense here\n`)
    await assert.rejects(
      haproxy.apply(),
      (error) => error instanceof GatewayError && /nonsense/.test(error.message),
    )
    assert.equal(await heard('a.example', '/shop'), 'shop')
    writeFileSync(config, good)
  })

  it('does not share its ports with another one, and says which it cannot have', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'brume-edge-other-'))
    const other = new Haproxy(elsewhere)
    try {
      const { files } = edge.config(edge.model(), elsewhere)
      other.write([...files, ['crt-list', readFileSync(join(dir, 'crt-list'), 'utf8')]])
      await assert.rejects(
        other.apply(),
        (error) =>
          error instanceof GatewayError &&
          new RegExp(`:(${edge.ports.http}|${edge.ports.https}) is in use by another program`).test(
            error.message,
          ),
      )
      assert.equal(other.running, undefined)
    } finally {
      await other.stop()
      rmSync(elsewhere, { recursive: true, force: true })
    }
  })

  it('is adopted by the next one who comes, and started again when it was killed', async () => {
    const next = new Haproxy(dir)
    const first = next.running!
    assert.equal(first.pid, haproxy.running!.pid)
    process.kill(first.pid, 'SIGKILL')
    await eventually('it is seen to be gone', () => next.running === undefined)
    await next.apply()
    assert.notEqual(next.running!.pid, first.pid)
    assert.equal(await heard('a.example', '/shop'), 'shop')
  })
})
