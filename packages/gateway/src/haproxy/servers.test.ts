import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Behind } from './servers.ts'
import { type Seat, type Seats, seatingOf, seatsOf } from './servers.ts'

const seat = (ip: string): Seat => ({ ip, port: 80, weight: 1 })
const ips = (seats: Seats) => seats.map((one) => one?.ip ?? '-').join(' ')
const behind = (weight: number, endpoints: number, name = `s${weight}`): Behind => ({
  target: { backend: { namespace: 'd', service: name, port: '80' }, weight, protocol: 'http' },
  found: {
    servers: Array.from({ length: endpoints }, (_, i) => ({ ip: `10.0.${weight % 256}.${i}`, port: 80 })),
  },
})

describe('seats', () => {
  it('are kept by those that stay, and free ones are taken, one that was just left last', () => {
    const first = seatsOf([seat('a'), seat('b'), seat('c')], [])
    assert.equal(ips(first), 'a b c -')
    const second = seatsOf([seat('a'), seat('c'), seat('d')], first)
    assert.equal(ips(second), 'a - c d')
    assert.equal(ips(seatsOf([seat('c'), seat('e'), seat('f')], second)), 'f e c -')
  })

  it('grow by doubling when they are too few, and are given up when they are far too many', () => {
    const names = (count: number) => Array.from({ length: count }, (_, i) => seat(`n${i}`))
    let seats: Seats = []
    for (const [count, size] of [
      [0, 2],
      [2, 2],
      [3, 4],
      [4, 4],
      [5, 8],
      [20, 32],
      [4, 32],
      [1, 2],
    ] as const) {
      seats = seatsOf(names(count), seats)
      assert.equal(seats.length, size, `${count}`)
    }
  })
})

describe('weights', () => {
  /** The share of each target, as HAProxy would share requests out. */
  function shares(...all: Behind[]): number[] {
    const seating = seatingOf(all)
    const sums = all.map((_, i) =>
      [...seating].filter(([name]) => name.endsWith(`:${i}`)).flatMap(([, seats]) => seats),
    )
    const weights = sums.map((seats) => seats.reduce((sum, one) => sum + (one?.weight ?? 0), 0))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return weights.map((weight) => weight / total)
  }

  it('are right to the last request where they can be, whatever the numbers of endpoints', () => {
    assert.deepEqual(shares(behind(3, 1), behind(1, 1)), [0.75, 0.25])
    assert.deepEqual(shares(behind(9, 3), behind(1, 2)), [0.9, 0.1])
  })

  it('are near, also for a small share of many endpoints', () => {
    for (const [stable, canary, endpoints] of [
      [99, 1, 10],
      [95, 5, 100],
      [999_999, 100_001, 7],
    ] as const) {
      const [, share] = shares(behind(stable, 1), behind(canary, endpoints))
      const wanted = canary / (stable + canary)
      assert.ok(Math.abs(share! - wanted) < wanted / 5, `${share} for ${wanted}`)
    }
  })

  it('of endpoints that end are 0', () => {
    const ending = behind(1, 2)
    if ('servers' in ending.found) ending.found.servers[1]!.leaving = true
    const [[, seats]] = [...seatingOf([ending])] as [[string, Seats]]
    assert.deepEqual(
      seats.map((one) => one?.weight),
      [1, 0, undefined, undefined],
    )
  })
})
