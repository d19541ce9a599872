import assert from 'node:assert/strict'
import { it } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { type Elements, MAP_NAMES } from './elements.ts'
import { Owners } from './owners.ts'

const sets = (keys: Record<string, string>): Elements =>
  new Map([['services', new Map(Object.entries(keys))]])

it('leaves an element to the Service that had it first, and gives it to the next one when that goes', () => {
  const owners = new Owners()
  owners.update('d/a', sets({ k: 'goto random-1' }))
  const second = owners.update('d/b', sets({ k: 'goto random-2' }))
  assert.deepEqual(second.after, sets({ k: 'goto random-1' }))
  assert.deepEqual(second.conflicts, ['k'])
  const { before, after } = owners.update('d/a', new Map())
  assert.deepEqual([before, after], [sets({ k: 'goto random-1' }), sets({ k: 'goto random-2' })])
})

it('never lets the kernel differ from all that is claimed, whatever changes in which order', () => {
  const random = seededRandom(7)
  const pick = (n: number) => random.below(n)
  const owners = new Owners()
  const kernel = new Map(MAP_NAMES.map((name) => [name, new Map<string, string>()]))
  for (let i = 0; i < 2000; i++) {
    const elements: Elements = new Map()
    for (let j = pick(4); j > 0; j--) {
      const map = MAP_NAMES[pick(MAP_NAMES.length)]!
      const known = elements.get(map) ?? new Map<string, string>()
      elements.set(map, known.set(`k${pick(6)}`, `v${pick(3)}`))
    }
    const { before, after } = owners.update(`d/s${pick(5)}`, elements)
    for (const [map, gone] of before) for (const key of gone.keys()) kernel.get(map)!.delete(key)
    for (const [map, come] of after) for (const [key, value] of come) kernel.get(map)!.set(key, value)
    const wanted = owners.all()
    for (const name of MAP_NAMES) {
      const sorted = (entries: Iterable<[string, string]>) => [...entries].sort()
      assert.deepEqual(sorted(kernel.get(name)!), sorted(wanted.get(name) ?? []), `after change ${i}`)
    }
  }
})
