import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { handOf } from './queues.ts'
import { type Entry, type LevelSpec, Seats } from './seats.ts'

const QUEUING = { queues: 16, handSize: 4, queueLengthLimit: 3 }

const spec = (name: string, shares: number, more: Partial<LevelSpec> = {}): LevelSpec => ({
  ...{ name, uid: `u-${name}`, exempt: false, shares },
  ...{ lendablePercent: 0, borrowingLimitPercent: undefined, queuing: QUEUING },
  ...more,
})

/** Enters requests and notes who is seated. */
function office(total: number, specs: LevelSpec[]) {
  const seats = new Seats(total)
  seats.configure(specs)
  const seated: string[] = []
  const enter = (name: string, flow = 'f'): Entry => {
    const level = seats.level(name)!
    const entry = seats.enter(level, () => ({ flow, start: () => void seated.push(flow) }))
    if (entry === 'seated') seated.push(flow)
    return entry
  }
  const release = (name: string) => seats.release(seats.level(name)!)
  return { seats, seated, enter, release }
}

test('seats are shared out by shares, and each level has its own', () => {
  const { seats, enter } = office(10, [spec('a', 30), spec('b', 20)])
  assert.deepEqual([seats.level('a')!.nominal, seats.level('b')!.nominal], [6, 4])
  for (let n = 0; n < 6; n++) assert.equal(enter('a'), 'seated')
  assert.equal(enter('a'), 'waiting')
  for (let n = 0; n < 4; n++) assert.equal(enter('b'), 'seated')
  assert.equal(enter('b'), 'waiting')
})

test('what a level lends is used by others, and comes back to it first', () => {
  const { seated, enter, release } = office(10, [spec('a', 50, { lendablePercent: 60 }), spec('b', 50)])
  for (let n = 0; n < 8; n++) assert.equal(enter('b', 'b'), 'seated', `${n}`)
  assert.equal(enter('b', 'b'), 'waiting', 'what a keeps for itself stays free')
  assert.equal(enter('a', 'a1'), 'seated')
  assert.equal(enter('a', 'a2'), 'seated')
  assert.equal(enter('a', 'a3'), 'waiting', 'its other seats are lent')
  release('b')
  assert.equal(seated.at(-1), 'a3', 'before those that borrow')
})

test('a level borrows no more than it may', () => {
  const { enter } = office(10, [
    spec('a', 50, { lendablePercent: 100 }),
    spec('b', 50, { borrowingLimitPercent: 20 }),
  ])
  for (let n = 0; n < 6; n++) assert.equal(enter('b'), 'seated')
  assert.equal(enter('b'), 'waiting')
})

test('an exempt level needs no seats, and a level that does not queue refuses', () => {
  const { enter } = office(1, [
    spec('e', 0, { exempt: true }),
    spec('r', 1, { queuing: undefined, borrowingLimitPercent: 0 }),
  ])
  for (let n = 0; n < 100; n++) assert.equal(enter('e'), 'seated')
  assert.equal(enter('r'), 'seated')
  assert.equal(enter('r'), 'concurrency-limit')
})

test('a flow with many requests waits behind itself, and is refused when its queues are full', () => {
  const { seated, enter, release } = office(1, [spec('a', 1)])
  enter('a', 'first')
  let many = 0
  while (enter('a', 'many') === 'waiting') many++
  assert.equal(many, QUEUING.handSize * QUEUING.queueLengthLimit)
  assert.equal(enter('a', 'many'), 'queue-full')
  assert.equal(enter('a', 'few'), 'waiting', 'its hand is another')
  for (let n = 0; n <= QUEUING.handSize; n++) release('a')
  assert.ok(seated.includes('few'), `its turn comes after one of each queue: ${seated}`)
})

test('who leaves waits no more, and a level that is taken away ends with its last request', () => {
  const { seats, enter, release } = office(2, [spec('a', 1), spec('b', 1)])
  enter('a')
  let started = 0
  const waiter = { flow: 'f', start: () => void started++ }
  const level = seats.level('a')!
  assert.equal(
    seats.enter(level, () => waiter),
    'waiting',
  )
  assert.equal(seats.leave(level, waiter), true)
  assert.equal(seats.leave(level, waiter), false)
  release('a')
  assert.equal(started, 0)
  enter('b')
  enter('b', 'waits')
  seats.configure([spec('a', 1)])
  assert.ok(seats.level('b') !== undefined)
  release('b')
  release('b')
  seats.configure([spec('a', 1)])
  assert.equal(seats.level('b'), undefined)
})

test('a hand is of different queues, and the same for the same flow', () => {
  const hands = Array.from({ length: 200 }, (_, n) => handOf(`flow ${n}`, { queues: 64, handSize: 8 }))
  for (const hand of hands) assert.equal(new Set(hand).size, 8)
  assert.deepEqual(handOf('flow 7', { queues: 64, handSize: 8 }), hands[7])
  const used = new Set(hands.flat())
  assert.equal(used.size, 64, 'all queues are used')
  assert.ok(new Set(hands.map(String)).size > 195, 'hands differ')
})

for (const seed of [1, 2, 3]) {
  test(`never more requests than seats, and nobody waits while there is one for them (seed ${seed})`, () => {
    const random = seededRandom(seed)
    const specs = ['a', 'b', 'c', 'd'].map((name) =>
      spec(name, 1 + random.below(50), {
        lendablePercent: random.below(101),
        borrowingLimitPercent: random.below(2) === 0 ? undefined : random.below(200),
      }),
    )
    const total = 20
    const { seats, enter, release } = office(total, specs)
    const bound = specs.reduce((sum, { name }) => sum + Math.max(1, seats.level(name)!.least), 0)
    for (let step = 0; step < 5_000; step++) {
      const { name } = specs[random.below(specs.length)]!
      if (random.below(2) === 0) enter(name, `flow ${random.below(6)}`)
      else if (seats.level(name)!.executing > 0) release(name)
      const levels = [...seats.levels]
      const executing = levels.reduce((sum, level) => sum + level.executing, 0)
      assert.ok(executing <= Math.max(total, bound), `${executing} at step ${step}`)
      for (const level of levels) {
        assert.ok(
          level.executing <= Math.max(level.most, level.least, 1),
          'no level goes beyond what it may use',
        )
        if (level.queues.waiting > 0)
          assert.ok(level.executing >= Math.max(1, level.least), 'what is never lent is there at once')
      }
    }
    for (const { name } of specs) while (seats.level(name)!.executing > 0) release(name)
    assert.ok(
      [...seats.levels].every(({ queues }) => queues.waiting === 0),
      'everybody came to be worked on',
    )
  })
}

test('a deck may have as many queues as Kubernetes allows, and is not laid out for each request', () => {
  const deck = { queues: 10_000_000, handSize: 2 }
  const before = process.memoryUsage().heapTotal
  const hands = Array.from({ length: 200 }, (_, n) => handOf(`flow ${n}`, deck))
  for (const hand of hands) {
    assert.equal(new Set(hand).size, 2)
    assert.ok(hand.every((number) => number >= 0 && number < deck.queues))
  }
  assert.ok(process.memoryUsage().heapTotal - before < 64 * 1024 * 1024)
})
