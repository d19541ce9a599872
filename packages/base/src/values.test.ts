import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from './json.ts'
import { deepClone, deepEqual, deepFreeze } from './values.ts'

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
