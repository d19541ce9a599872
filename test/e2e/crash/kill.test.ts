// kill -9 at random moments under load, again and again on one data directory, and a checker that knows what was
// acknowledged. BRUME_SOAK=1 does it hundreds of times; BRUME_SEED repeats a run.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '@brume/base/seeded-random'
import { Generations } from './generations.ts'
import { startServer } from './server-process.ts'

const SOAK = process.env['BRUME_SOAK'] === '1'
const KILLS = SOAK ? 200 : 6
const SEED = Number(process.env['BRUME_SEED'] ?? 1)
/** A server is killed after at most this many acknowledgements. */
const MAX_ACKNOWLEDGED = 300
/** Or, now and then, this early in its start. */
const MAX_START_MS = 700

test(`never loses, repeats or reorders an acknowledged write, killed ${KILLS} times (seed ${SEED})`, {
  timeout: SOAK ? 60 * 60_000 : 180_000,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'brume-kill-'))
  const random = seededRandom(SEED)
  const cloud = new Generations({ dataDir: join(folder, 'data'), random })
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      if (kill > 0 && random.next() < 0.2) await killDuringStart(cloud.dataDir, random.below(MAX_START_MS))
      const { server } = await cloud.start()
      const exit = await cloud.writeThenEnd(server, random.below(MAX_ACKNOWLEDGED), 'SIGKILL')
      assert.equal(exit.signal, 'SIGKILL', server.stderr)
      assert.doesNotMatch(server.stderr, / ERROR /)
    }
    const { server } = await cloud.start()
    assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null })
    await cloud.settleWatchers()
    const { acknowledgements, uncertainties } = cloud.ledger
    t.diagnostic(`${acknowledgements} writes acknowledged, ${uncertainties} under way at a kill`)
    assert.ok(acknowledgements > KILLS * 10, 'the clients did write')
    assert.ok(uncertainties > 0, 'some writes were under way')
    if (!SOAK)
      assert.ok(
        cloud.watchers.every(({ relists }) => relists === 0),
        'watches were resumed',
      )
  } finally {
    await cloud.end()
    await rm(folder, { recursive: true, force: true })
  }
})

async function killDuringStart(dataDir: string, afterMs: number): Promise<void> {
  const server = startServer(dataDir)
  // Not a wait for a condition: the moment is what is random.
  await sleep(afterMs)
  await server.kill('SIGKILL')
}
