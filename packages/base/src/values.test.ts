import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from './json.ts'
import { seededRandom } from './seeded-random.ts'
import { deepClone, deepEqual, deepFreeze, shareParts } from './values.ts'

test('a clone is equal and shares nothing', () => {
  const value = { a: [1, { b: 'x' }, null], c: { d: 2n ** 60n, e: true } }
  const clone = deepClone(value)
  assert.deepEqual(clone, value)
  assert.notEqual(clone.a, value.a)
  assert.notEqual(clone.a[1], value.a[1])
  assert.notEqual(clone.c, value.c)
})

test('a clone keeps __proto__ as data', () => {
  const { value } = parseJson('{"__proto__":{"admin":true}}')
  const clone = deepClone(value) as Record<string, unknown>
  assert.deepEqual(Object.keys(clone), ['__proto__'])
  assert.equal(Object.getPrototypeOf(clone), Object.prototype)
})

test('a frozen value is frozen to the bottom', () => {
  const value = deepFreeze({ a: [{ b: 1 }] })
  assert.throws(() => {
    value.a[0]!.b = 2
  }, TypeError)
  assert.throws(() => value.a.push({ b: 3 }), TypeError)
})

test('equality ignores the order of keys and undefined properties, and nothing else', () => {
  assert.ok(deepEqual({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1, c: undefined }))
  const different: [unknown, unknown][] = [
    [{ a: 1 }, { a: 1, b: 1 }],
    [
      { a: 1, b: undefined },
      { a: 1, c: 1 },
    ],
    [
      [1, 2],
      [2, 1],
    ],
    [[], {}],
    [null, {}],
    [1, 1n],
    ['1', 1],
    [{ a: null }, {}],
    [{ toString: 1 }, {}],
  ]
  for (const [a, b] of different) {
    assert.ok(!deepEqual(a, b), `${JSON.stringify(a, String)} ${JSON.stringify(b, String)}`)
    assert.ok(!deepEqual(b, a))
  }
})

test('what is like another shares the equal parts with it, and is frozen', () => {
  const model = deepFreeze({ name: 'a', labels: { app: 'web' }, list: [{ x: 1 }, { x: 2 }], gone: {} })
  const shared = shareParts({ name: 'b', labels: { app: 'web' }, list: [{ x: 1 }, { x: 3 }] }, model)
  assert.deepEqual(shared, { name: 'b', labels: { app: 'web' }, list: [{ x: 1 }, { x: 3 }] })
  assert.equal(shared.labels, model.labels)
  assert.equal(shared.list[0], model.list[0])
  assert.throws(() => {
    shared.list[1]!.x = 4
  }, TypeError)
  assert.equal(shareParts(deepClone(model), model), model)
})

test('sharing never changes a value, nor what it is like', () => {
  const random = seededRandom(7)
  const scalars = [null, true, 0, 1, 2n ** 60n, '', 'a', 'b']
  const any = (depth: number): unknown => {
    if (depth === 0 || random.chance(0.3)) return random.pick(scalars)
    const items = Array.from({ length: random.below(4) }, () => any(depth - 1))
    if (random.chance(0.4)) return items
    return Object.fromEntries(
      items.map((item) => [random.pick(['a', 'b', 'c', 'toString', '__proto__x']), item]),
    )
  }
  for (let i = 0; i < 5000; i++) {
    const [value, model] = [any(4), deepFreeze(any(4))]
    const [valueBefore, modelBefore] = [deepClone(value), deepClone(model)]
    assert.deepStrictEqual(shareParts(value, model), valueBefore)
    assert.deepStrictEqual(model, modelBefore)
  }
})

test('sharing keeps __proto__ as data', () => {
  const { value } = parseJson('{"__proto__":{"admin":true}}')
  const shared = shareParts(value, deepFreeze({ a: 1 })) as Record<string, unknown>
  assert.deepEqual(Object.keys(shared), ['__proto__'])
  assert.equal(Object.getPrototypeOf(shared), Object.prototype)
})
