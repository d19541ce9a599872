// Leader election among processes whose clocks drift and jump, over connections that lose and delay calls.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import type { SeededRandom } from '@brume/base/seeded-random'
import { NAMESPACES } from '@brume/client/builtin'
import { runLeaderElection } from '@brume/client/leader'
import { createCloud } from './cloud.ts'
import { CALM, randomWeather, type Weather } from './faulty-transport.ts'
import { forSeeds, SIM_TIMEOUT_MS } from './seeds.ts'
import type { SimClock } from './sim-clock.ts'

const CANDIDATES = 3
const STEPS = 60
const STEP_MS = 4_000
/** A lease of 15 s may be renewed 10 s long: clocks may run differently fast by less than that ratio. */
const MAX_DRIFT = 0.1
const MAX_JUMP_MS = 3_600_000
/** A lease that nobody renews any more, a call that hangs, and some tries. */
const NEXT_LEADER_MS = 120_000

test('never two leaders at once, and always one again when the connections are good', {
  timeout: SIM_TIMEOUT_MS,
}, async (t) => {
  let leads = 0
  const seeds = await forSeeds({ quick: 150, soak: 3_000 }, async (random) => {
    leads += await simulate(random)
  })
  assert.ok(leads > 0)
  t.diagnostic(`${seeds} seeds, ${leads} leaders`)
})

/** How often somebody began to lead. */
async function simulate(random: SeededRandom): Promise<number> {
  const cloud = createCloud(random, { kinds: ['leases', 'namespaces'] })
  const { clock } = cloud
  const made = cloud.reliable
    .resource(NAMESPACES)
    .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } })
  await clock.run(made)
  const weather: Weather = { ...randomWeather(random), stallMs: random.pick([5_000, 20_000, 50_000]) }
  const leading = new Set<string>()
  const failures: string[] = []
  let leads = 0
  const candidates = Array.from({ length: CANDIDATES }, (_, n) => {
    const identity = `p${n}`
    const own = new SkewedClock(clock, 1 + MAX_DRIFT * (2 * random.next() - 1))
    const stop = new AbortController()
    const running = (async () => {
      while (!stop.signal.aborted) {
        await runLeaderElection(
          {
            client: cloud.faulty(weather),
            namespace: 'kube-system',
            name: 'lock',
            identity,
            clock: own,
            random: () => random.next(),
            logger: silentLogger,
            async onLead(signal) {
              leads++
              if (leading.size > 0) failures.push(`${identity} leads beside ${[...leading]}`)
              leading.add(identity)
              await new Promise<void>((resolve) => {
                if (signal.aborted) return resolve()
                signal.addEventListener('abort', () => resolve())
              })
              leading.delete(identity)
            },
          },
          stop.signal,
        )
      }
    })()
    running.catch((error) => failures.push(String(error)))
    return { own, stop, running }
  })
  for (let step = 0; step < STEPS; step++) {
    if (random.next() < 0.05) cloud.restart()
    if (random.next() < 0.1) random.pick(candidates).own.jump(MAX_JUMP_MS * (2 * random.next() - 1))
    await clock.advance(STEP_MS * random.next())
    assert.deepEqual(failures, [])
  }
  Object.assign(weather, CALM)
  assert.ok(await clock.until(() => leading.size === 1, NEXT_LEADER_MS), 'somebody leads')
  // Whoever stops hands over.
  const [leader] = leading
  candidates[Number(leader!.slice(1))]!.stop.abort()
  const handedOver = await clock.until(() => leading.size === 1 && !leading.has(leader!), 10_000)
  assert.ok(handedOver, 'another leads at once')
  for (const { stop } of candidates) stop.abort()
  await clock.run(Promise.all(candidates.map(({ running }) => running)))
  assert.deepEqual(failures, [])
  assert.equal(leading.size, 0)
  await cloud.close()
  return leads
}

/** One process's clock: it runs a little too fast or slow, and somebody sets it. Timers do not mind being set. */
class SkewedClock implements Clock {
  readonly #base: SimClock
  readonly #rate: number
  readonly #start: number
  #offset = 0

  constructor(base: SimClock, rate: number) {
    this.#base = base
    this.#rate = rate
    this.#start = base.now()
  }

  now(): number {
    return Math.round(this.#start + (this.#base.now() - this.#start) * this.#rate + this.#offset)
  }

  after(delayMs: number, fn: () => void) {
    return this.#base.after(delayMs / this.#rate, fn)
  }

  jump(ms: number): void {
    this.#offset += ms
  }
}
