import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import type { Entry } from '../contract.ts'
import { OrderedIndex } from './ordered-index.ts'

const entryOf = (key: string, revision: number): Entry => ({
  key,
  revision,
  createRevision: revision,
  value: Buffer.alloc(0),
  attachment: undefined,
})

for (const order of ['ascending', 'descending', 'random'] as const) {
  test(`keeps order, ranks and slices under ${order} inserts and random deletes`, () => {
    const random = seededRandom(5)
    const names = Array.from({ length: 5_000 }, (_, n) => `pods/${String(n).padStart(5, '0')}`)
    if (order === 'descending') names.reverse()
    if (order === 'random') names.sort(() => random.below(3) - 1)
    const index = new OrderedIndex()
    for (const name of names) index.set(entryOf(name, 1))
    for (const name of names) if (random.chance(0.1)) index.set(entryOf(name, 2))
    const kept = names.filter((name) => {
      const keep = random.chance(0.4)
      if (!keep) index.delete(name)
      return keep
    })
    index.delete('pods/none')
    kept.sort()
    assert.equal(index.size, kept.length)
    assert.deepEqual(
      index.slice(0, Infinity).map((entry) => entry.key),
      kept,
    )
    for (let i = 0; i < 200; i++) {
      const name = `pods/${String(random.below(5_200)).padStart(5, '0')}`
      const rank = kept.filter((key) => key < name).length
      assert.equal(index.rank(name), rank)
      const to = rank + random.below(2_000)
      assert.deepEqual(
        index.slice(rank, to).map((entry) => entry.key),
        kept.slice(rank, to),
      )
    }
  })
}

test('an index that lost everything is as good as new', () => {
  const index = new OrderedIndex()
  for (let n = 0; n < 3_000; n++) index.set(entryOf(`pods/${n}`, 1))
  for (let n = 0; n < 3_000; n++) index.delete(`pods/${n}`)
  assert.equal(index.size, 0)
  assert.deepEqual(index.slice(0, 10), [])
  index.set(entryOf('pods/again', 2))
  assert.deepEqual(
    index.slice(0, 10).map((entry) => entry.revision),
    [2],
  )
})
