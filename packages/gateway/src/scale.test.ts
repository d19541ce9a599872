// Many routes: what they cost a request and a change, as ratios, since machines differ.

import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { RealEdge } from '@brume/testkit/real-edge'
import type { Server } from './endpoints.ts'
import type { Model } from './model.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const MANY = 1000
const FEW = 10
const REQUESTS = 400
const TURNS = 8

describe(`${MANY} routes`, { skip, timeout: 180_000 }, () => {
  const edge = new RealEdge()
  const small = new RealEdge()
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  let one: Server
  let two: Server

  before(async () => {
    for (const each of [edge, small]) await each.listen()
    one = await edge.serve('one')
    two = await edge.serve('two')
    for (const each of [edge, small]) for (let i = 0; i <= MANY; i++) each.endpoints.set(`s${i}`, [one])
    await edge.apply(model(edge, MANY))
    await small.apply(model(small, FEW))
  })
  after(async () => {
    agent.destroy()
    for (const each of [edge, small]) await each.close()
  })

  const model = (of: RealEdge, count: number): Model =>
    of.model(...Array.from({ length: count }, (_, i) => of.route(`h${i}.example`, '/', `s${i}`)))

  const ask = (of: RealEdge, host: string) =>
    new Promise<void>((resolve, reject) => {
      const options = { port: of.ports.http, path: '/a/b', headers: { host }, agent }
      const sent = request(options, (answer) => {
        answer.resume().on('end', () => {
          if (answer.statusCode === 200) resolve()
          else reject(new Error(`${host}: ${answer.statusCode}`))
        })
      })
      sent.on('error', reject).end()
    })

  /** Least times, measured in turns: what others did to the machine meanwhile they did to all of them. */
  async function least(...whats: (() => Promise<unknown>)[]): Promise<number[]> {
    const times = whats.map(() => Number.POSITIVE_INFINITY)
    for (let turn = 0; turn < TURNS; turn++)
      for (const [i, what] of whats.entries()) {
        const start = performance.now()
        await what()
        times[i] = Math.min(times[i]!, performance.now() - start)
      }
    return times
  }

  /** Of as many hosts each time: their servers' connections are used again. */
  const requests = (of: RealEdge, count: number) => async () => {
    const host = (i: number) => `h${(i % FEW) * (count / FEW)}.example`
    for (let i = 0; i < REQUESTS; i += 4) await Promise.all([0, 1, 2, 3].map((j) => ask(of, host(i + j))))
  }

  it('cost a request no more than a few, and a change of endpoints less than a route', async () => {
    const [few, many] = await least(requests(small, FEW), requests(edge, MANY))
    assert.ok(many! < few! * 2, `${many} ms with ${MANY} routes, ${few} ms with ${FEW}`)

    let more = 0
    const [telling, loading, looking] = await least(
      async () => {
        edge.endpoints.set('s7', edge.endpoints.get('s7')!.length === 1 ? [one, two] : [one])
        assert.equal((await edge.apply(model(edge, MANY + more))).by, 'telling')
      },
      async () => {
        more = 1 - more
        assert.equal((await edge.apply(model(edge, MANY + more))).by, 'loading')
      },
      () => edge.applier.isIntact(),
    )
    assert.ok(telling! < loading!, `${telling} ms to tell, ${loading} ms to load`)
    assert.ok(looking! < loading!, `${looking} ms to look, ${loading} ms to load`)
  })
})
