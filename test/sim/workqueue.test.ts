// The work queue under random adds, failures and worker speeds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeededRandom } from '@brume/base/seeded-random'
import { WorkQueue } from '@brume/client/workqueue'
import { forSeeds, SIM_TIMEOUT_MS } from './seeds.ts'
import { SimClock } from './sim-clock.ts'

const KEYS = ['a', 'b', 'c', 'd', 'e']
const WORKERS = 4
const STEPS = 80

test('a key never runs twice at the same time, and every add is followed by a run that began after it', {
  timeout: SIM_TIMEOUT_MS,
}, async (t) => {
  let runs = 0
  const seeds = await forSeeds({ quick: 300, soak: 20_000 }, async (random) => {
    runs += await simulate(random)
  })
  t.diagnostic(`${seeds} seeds, ${runs} runs`)
})

/** How many runs there were. */
async function simulate(random: SeededRandom): Promise<number> {
  const clock = new SimClock()
  const queue = new WorkQueue({ name: 'sim', clock })
  const running = new Set<string>()
  /** Keys that a run must still begin for. */
  const owed = new Set<string>()
  let runs = 0
  const failures: string[] = []
  const worker = async () => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      runs++
      if (running.has(key)) failures.push(`${key} runs twice`)
      running.add(key)
      owed.delete(key)
      await clock.sleep(random.pick([0, 5, 200]))
      running.delete(key)
      if (random.next() < 0.2) {
        owed.add(key)
        queue.addRateLimited(key)
      } else queue.forget(key)
      queue.done(key)
    }
  }
  const workers = Array.from({ length: WORKERS }, worker)
  for (let step = 0; step < STEPS; step++) {
    const key = random.pick(KEYS)
    owed.add(key)
    if (random.next() < 0.7) queue.add(key)
    else queue.addAfter(key, random.below(500))
    await clock.advance(random.pick([0, 0, 3, 100]))
  }
  assert.ok(await clock.until(() => queue.idle, 60 * 60_000), 'the queue comes to rest')
  assert.deepEqual(failures, [])
  assert.deepEqual([...owed], [], 'nothing that was added is forgotten')
  queue.close()
  await Promise.all(workers)
  return runs
}
