import assert from 'node:assert/strict'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { offsetOfTail, offsetOfTime } from './seek.ts'

let dir: string
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brume-logs-'))
})
after(() => rm(dir, { recursive: true }))

const START = Date.UTC(2026, 10, 20)
const line = (second: number, tag: 'F' | 'P', text: string) =>
  `${new Date(START + second * 1000).toISOString()} stdout ${tag} ${text}\n`

async function withFile<T>(
  text: string,
  use: (file: Awaited<ReturnType<typeof open>>, size: number) => Promise<T>,
) {
  const path = join(dir, 'x.log')
  await writeFile(path, text)
  const file = await open(path)
  try {
    return await use(file, Buffer.byteLength(text))
  } finally {
    await file.close()
  }
}

/** By reading everything. */
function groupsOf(lines: readonly string[]): string[][] {
  const groups: string[][] = [[]]
  for (const one of lines) {
    groups.at(-1)!.push(one)
    if (one.includes(' F ')) groups.push([])
  }
  if (groups.at(-1)!.length === 0) groups.pop()
  return groups
}

function tailOf(lines: readonly string[], count: number): string {
  return (count === 0 ? [] : groupsOf(lines).slice(-count)).flat().join('')
}

test('the last lines are found from the end as they are found by reading everything', async () => {
  const random = seededRandom(5)
  for (let round = 0; round < 40; round++) {
    const count = Math.floor(random.next() * 30)
    const long = round % 4 === 0 ? 30_000 : 200
    const lines = Array.from({ length: count }, (_, i) =>
      line(i, random.next() < 0.3 ? 'P' : 'F', 'x'.repeat(Math.floor(random.next() * long))),
    )
    const text = lines.join('')
    await withFile(text, async (file, size) => {
      for (const tail of [0, 1, 2, 5, 1000]) {
        const { offset, found } = await offsetOfTail(file, size, tail)
        assert.equal(found, Math.min(tail, groupsOf(lines).length))
        assert.equal(text.slice(offset), tailOf(lines, tail), `round ${round}, tail ${tail}`)
      }
    })
  }
})

test('a last line without its end counts', async () => {
  const text = `${line(0, 'F', 'a')}${line(1, 'F', 'b').trimEnd()}`
  await withFile(text, async (file, size) => {
    assert.equal(text.slice((await offsetOfTail(file, size, 1)).offset), line(1, 'F', 'b').trimEnd())
  })
})

test('a time is found by halving: never after the first line that is as new, and close to it', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => line(i, 'F', 'some text of a usual length'))
  const text = lines.join('')
  await withFile(text, async (file, size) => {
    for (const second of [0, 1, 777, 10_000, 19_999, 30_000]) {
      const offset = await offsetOfTime(file, size, START + second * 1000)
      const first = second >= lines.length ? size : lines.slice(0, second).join('').length
      assert.ok(offset <= first, `${second}: ${offset} > ${first}`)
      assert.ok(first - offset <= 128 * 1024, `${second}: ${first - offset} bytes too early`)
    }
  })
})
