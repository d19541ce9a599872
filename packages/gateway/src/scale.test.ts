// Many routes: what they cost a request and a change, as ratios, since machines differ.

import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import type { Server } from './endpoints.ts'
import type { Model } from './model.ts'
import { RealEdge } from './testing/real-edge.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const MANY = 1000
const FEW = 10
const REQUESTS = 2000

describe(`${MANY} routes`, { skip, timeout: 180_000 }, () => {
  const edge = new RealEdge()
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  let one: Server
  let two: Server

  before(async () => {
    await edge.listen()
    one = await edge.serve('one')
    two = await edge.serve('two')
    for (let i = 0; i <= MANY; i++) edge.endpoints.set(`s${i}`, [one])
  })
  after(async () => {
    agent.destroy()
    await edge.close()
  })

  const model = (count: number): Model =>
    edge.model(...Array.from({ length: count }, (_, i) => edge.route(`h${i}.example`, '/', `s${i}`)))

  const ask = (host: string) =>
    new Promise<void>((resolve, reject) => {
      const options = { port: edge.ports.http, path: '/a/b', headers: { host }, agent }
      const sent = request(options, (answer) => {
        answer.resume().on('end', () => {
          if (answer.statusCode === 200) resolve()
          else reject(new Error(`${host}: ${answer.statusCode}`))
        })
      })
      sent.on('error', reject).end()
    })

  async function timeOf(what: () => Promise<unknown>): Promise<number> {
    const start = performance.now()
    await what()
    return performance.now() - start
  }

  /** The least of some: the one that others disturbed least. */
  async function least(what: () => Promise<unknown>): Promise<number> {
    const times = []
    for (let i = 0; i < 5; i++) times.push(await timeOf(what))
    return Math.min(...times)
  }

  const requests = (count: number) => async () => {
    for (let i = 0; i < REQUESTS / 4; i += 4)
      await Promise.all([0, 1, 2, 3].map((j) => ask(`h${(i + j) % count}.example`)))
  }

  it('cost a request no more than a few, and a change of endpoints less than a route', async () => {
    await edge.apply(model(FEW))
    const few = await least(requests(FEW))
    await edge.apply(model(MANY))
    const many = await least(requests(MANY))
    assert.ok(many < few * 2, `${many} ms with ${MANY} routes, ${few} ms with ${FEW}`)

    let turn = 0
    const telling = await least(async () => {
      edge.endpoints.set('s7', turn++ % 2 === 0 ? [one, two] : [one])
      assert.equal((await edge.apply(model(MANY))).by, 'telling')
    })
    let more = 0
    const loading = await least(async () => {
      more = 1 - more
      assert.equal((await edge.apply(model(MANY + more))).by, 'loading')
    })
    assert.ok(telling < loading, `${telling} ms to tell, ${loading} ms to load`)
    const looking = await least(() => edge.applier.isIntact())
    assert.ok(looking < loading, `${looking} ms to look, ${loading} ms to load`)
  })
})
