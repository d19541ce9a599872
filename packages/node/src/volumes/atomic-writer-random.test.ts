// The atomic writer under random updates, some of which never came to their end.

import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type SeededRandom, seededRandom } from '@brume/base/seeded-random'
import { writePayload } from './atomic-writer.ts'
import type { Payload } from './payload.ts'

const SEED = Number(process.env['BRUME_SEED'] ?? 20261120)
const ROUNDS = 300
const PATHS = ['a', 'b', 'c.txt', 'd/x', 'd/y', 'e/f/g', 'e/h']

/** Waits for nothing: there is no reader here. */
const clock = {
  now: () => Date.now(),
  after: (_delayMs: number, fn: () => void) => {
    const soon = setImmediate(fn)
    return { cancel: () => clearImmediate(soon) }
  },
}

function randomPayload(random: SeededRandom): Payload {
  const chosen = PATHS.filter(() => random.below(2) === 0)
  return new Map(
    chosen.map((path) => [
      path,
      { data: Buffer.from(`${path} ${random.below(3)}`), mode: [0o644, 0o400][random.below(2)]! },
    ]),
  )
}

/** What a kill could have left. */
function leaveSomething(dir: string, random: SeededRandom): void {
  const moment = `..2026_01_01_00_00_0${random.below(10)}.dead`
  switch (random.below(4)) {
    case 0:
      mkdirSync(join(dir, moment), { recursive: true })
      writeFileSync(join(dir, moment, 'a'), 'half')
      break
    case 1:
      rmSync(join(dir, '..data_tmp'), { force: true })
      symlinkSync(moment, join(dir, '..data_tmp'))
      break
    case 2:
      for (const name of readdirSync(dir)) if (!name.startsWith('..')) rmSync(join(dir, name))
      break
    default:
  }
}

test(`shows exactly the last update, whatever came before (BRUME_SEED=${SEED})`, {
  timeout: 60_000,
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-writer-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const random = seededRandom(SEED)
  for (let round = 0; round < ROUNDS; round++) {
    leaveSomething(dir, random)
    const payload = randomPayload(random)
    await writePayload(dir, payload, { clock })
    const tops = [...new Set([...payload.keys()].map((path) => path.split('/')[0]!))].sort()
    const shown = readdirSync(dir).filter((name) => !name.startsWith('..'))
    assert.deepEqual(shown.sort(), tops, `round ${round}`)
    for (const [path, { data }] of payload)
      assert.equal(readFileSync(join(dir, path), 'utf8'), data.toString())
    assert.equal(readdirSync(dir).filter((name) => name.startsWith('..')).length, 2, `round ${round}`)
  }
})
