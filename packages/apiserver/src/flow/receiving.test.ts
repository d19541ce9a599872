import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { type Body, Receiving } from './receiving.ts'

const LIMITS = { ofUser: { bodies: 2, bytes: 100 }, ofAll: { bodies: 3, bytes: 150 }, waitingOfUser: 2 }

function office() {
  const receiving = new Receiving(LIMITS)
  const started: string[] = []
  const body = (name: string, bytes = 10): Body => ({
    user: name.slice(0, 1),
    bytes,
    state: 'new',
    start: () => void started.push(name),
  })
  return { receiving, started, body }
}

test('a user sends so many bodies at once; what is more waits behind its own, and others do not', () => {
  const { receiving, started, body } = office()
  const [a1, a2, a3, a4, a5, b1] = ['a1', 'a2', 'a3', 'a4', 'a5', 'b1'].map((name) => body(name))
  assert.deepEqual(
    [a1, a2, a3, a4, a5, b1].map((one) => receiving.enter(one!)),
    [...['room', 'room', 'waiting', 'waiting', 'full'], 'room'],
  )
  assert.deepEqual(receiving.counts, { receiving: 3, waiting: 2 })
  receiving.arrived(b1!, 10)
  assert.deepEqual(started, [], 'the room of b is not that of a')
  receiving.arrived(a1!, 10)
  assert.deepEqual(started, ['a3'])
  assert.equal(receiving.leave(a4!), true)
  assert.equal(receiving.leave(a4!), false)
  for (const one of [a1, a2, a3, b1]) receiving.leave(one!)
  assert.deepEqual(receiving.counts, { receiving: 0, waiting: 0 })
})

test('what has arrived takes its bytes until its request has a seat, of the user and of all', () => {
  const { receiving, started, body } = office()
  const large = body('a1', 90)
  const more = body('a2', 20)
  const others = body('b1', 70)
  const little = body('c1', 60)
  assert.equal(receiving.enter(large), 'room')
  assert.equal(receiving.enter(more), 'waiting')
  assert.equal(receiving.enter(others), 'waiting')
  assert.equal(receiving.enter(little), 'room')
  receiving.arrived(large, 85)
  assert.deepEqual(started, [])
  receiving.leave(large)
  assert.deepEqual(started.sort(), ['a2', 'b1'])
})

test('one body that is larger than all room is received alone', () => {
  const { receiving, started, body } = office()
  const huge = body('a1', 1_000)
  assert.equal(receiving.enter(huge), 'room')
  assert.equal(receiving.enter(body('b1')), 'waiting')
  receiving.leave(huge)
  assert.deepEqual(started, ['b1'])
})

test('users take turns when room is scarce', () => {
  const { receiving, started, body } = office()
  const first = ['x1', 'y1', 'z1'].map((name) => body(name))
  for (const one of first) receiving.enter(one)
  for (const name of ['a1', 'a2', 'b1', 'b2', 'c1']) assert.equal(receiving.enter(body(name)), 'waiting')
  for (const one of first) receiving.leave(one)
  assert.deepEqual(started, ['a1', 'b1', 'c1'])
})

test('never is more taken than there is, and in the end nothing (seed 17)', () => {
  const random = seededRandom(17)
  const { receiving, body } = office()
  const bodies: Body[] = []
  const under = (of: Body[], user?: string) => of.filter((one) => user === undefined || one.user === user)
  for (let step = 0; step < 5_000; step++) {
    const one = random.pick(bodies.length === 0 ? [body('a1')] : bodies)
    const choice = random.below(3)
    if (choice === 0) {
      const fresh = body(`${random.pick(['a', 'b', 'c', 'd'])}${step}`, random.below(60))
      if (receiving.enter(fresh) !== 'full') bodies.push(fresh)
    } else if (choice === 1 && one.state === 'receiving') receiving.arrived(one, random.below(one.bytes + 1))
    else if (receiving.leave(one)) bodies.splice(bodies.indexOf(one), 1)
    const inRoom = bodies.filter(({ state }) => state === 'receiving' || state === 'arrived')
    for (const user of ['a', 'b', 'c', 'd', undefined]) {
      const room = user === undefined ? LIMITS.ofAll : LIMITS.ofUser
      const theirs = under(inRoom, user)
      assert.ok(theirs.filter(({ state }) => state === 'receiving').length <= room.bodies)
      assert.ok(theirs.reduce((sum, { bytes }) => sum + bytes, 0) <= room.bytes)
    }
    const waiting = bodies.filter(({ state }) => state === 'waiting').length
    assert.equal(receiving.counts.waiting, waiting)
    assert.equal(receiving.counts.receiving, inRoom.filter(({ state }) => state === 'receiving').length)
  }
  for (const one of bodies) receiving.leave(one)
  assert.deepEqual(receiving.counts, { receiving: 0, waiting: 0 })
})
