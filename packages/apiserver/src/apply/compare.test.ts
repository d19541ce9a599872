import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepClone, deepFreeze } from '@brume/base/values'
import { isObject } from '../patch/json-object.ts'
import { type Comparison, compare } from './compare.ts'
import { pathsOf } from './field-set.ts'
import { listElement } from './list-element.ts'
import { type MergeType, mergeTypeOf, namedType } from './merge-type.ts'
import { randomJson, randomSpec, seeded } from './testing/random.ts'
import { POD, WIDGET, widget } from './testing/schemas.ts'

const show = ({ added, modified, removed }: Comparison) =>
  [added, modified, removed].map((set) => JSON.stringify(set))
const ofSpecs = (old: unknown, updated: unknown) => show(compare({ spec: old }, { spec: updated }, WIDGET))

test('equal states differ in nothing, whatever the order of their members', () => {
  assert.deepEqual(ofSpecs({ size: 1, colour: 'red' }, { colour: 'red', size: 1 }), ['{}', '{}', '{}'])
})

test('a scalar is added, modified or removed', () => {
  assert.deepEqual(ofSpecs({ size: 1, colour: 'red' }, { size: 2, tags: ['a'] }), [
    '{"f:spec":{"f:tags":{".":{},"v:\\"a\\"":{}}}}',
    '{"f:spec":{"f:size":{}}}',
    '{"f:spec":{"f:colour":{}}}',
  ])
})

test('what is added as a whole is added with all that is in it', () => {
  assert.deepEqual(ofSpecs({}, { parts: [{ name: 'a', notes: { x: 'y' } }] }), [
    '{"f:spec":{"f:parts":{".":{},"k:{\\"name\\":\\"a\\"}":{".":{},"f:name":{},"f:notes":{".":{},"f:x":{}}}}}}',
    '{}',
    '{}',
  ])
})

test('the order of sets and of lists with keys is no change, that of atomic lists is', () => {
  assert.deepEqual(ofSpecs({ tags: ['a', 'b'] }, { tags: ['b', 'a'] }), ['{}', '{}', '{}'])
  const parts = [{ name: 'a' }, { name: 'b' }]
  assert.deepEqual(ofSpecs({ parts }, { parts: parts.toReversed() }), ['{}', '{}', '{}'])
  assert.equal(ofSpecs({ steps: ['a', 'b'] }, { steps: ['b', 'a'] })[1], '{"f:spec":{"f:steps":{}}}')
})

test('an empty container that fills up is not added itself', () => {
  assert.deepEqual(ofSpecs({ parts: [] }, { parts: [{ name: 'a' }] }), [
    '{"f:spec":{"f:parts":{"k:{\\"name\\":\\"a\\"}":{".":{},"f:name":{}}}}}',
    '{}',
    '{}',
  ])
  assert.equal(ofSpecs({ parts: null }, { parts: [] })[1], '{"f:spec":{"f:parts":{}}}')
})

test('free-form JSON that becomes another kind of value is modified, and loses or gains its members', () => {
  assert.deepEqual(ofSpecs({ extra: { a: 1 } }, { extra: 'text' }), [
    '{}',
    '{"f:spec":{"f:extra":{}}}',
    '{"f:spec":{"f:extra":{"f:a":{}}}}',
  ])
  assert.deepEqual(ofSpecs({ extra: [1] }, { extra: { a: 1 } }), [
    '{"f:spec":{"f:extra":{"f:a":{}}}}',
    '{"f:spec":{"f:extra":{}}}',
    '{}',
  ])
})

test('items that repeat a key are compared as one', () => {
  const twice = (weight: number) => ({
    parts: [
      { name: 'a', weight: 1 },
      { name: 'a', weight },
    ],
  })
  const once = { parts: [{ name: 'a', weight: 1 }] }
  const item = '{"f:spec":{"f:parts":{"k:{\\"name\\":\\"a\\"}":{}}}}'
  const full = '{"f:spec":{"f:parts":{"k:{\\"name\\":\\"a\\"}":{".":{},"f:name":{},"f:weight":{}}}}}'
  assert.deepEqual(ofSpecs(twice(2), twice(2)), ['{}', '{}', '{}'])
  assert.deepEqual(ofSpecs(twice(2), twice(3)), ['{}', item, '{}'])
  assert.deepEqual(ofSpecs(once, twice(2)), [item, '{}', full])
  assert.deepEqual(ofSpecs(twice(2), once), [full, '{}', item])
})

test('a member named like an inherited one is compared as a member', () => {
  const labels = JSON.parse('{"__proto__":"a","constructor":"b"}')
  const changes = compare({ metadata: { labels: {} } }, { metadata: { labels } }, POD)
  assert.equal(
    JSON.stringify(changes.added),
    '{"f:metadata":{"f:labels":{"f:__proto__":{},"f:constructor":{}}}}',
  )
  const back = compare({ metadata: { labels } }, { metadata: { labels: { x: 'y' } } }, POD)
  assert.equal(
    JSON.stringify(back.removed),
    '{"f:metadata":{"f:labels":{"f:__proto__":{},"f:constructor":{}}}}',
  )
  assert.equal(JSON.stringify(back.added), '{"f:metadata":{"f:labels":{"f:x":{}}}}')
})

test('one pass finds what comparing every path by itself finds', () => {
  const type = mergeTypeOf(WIDGET)
  for (let seed = 0; seed < 3000; seed++) {
    const random = seeded(seed)
    const old = deepFreeze(widget({ spec: randomSpec(random) }))
    const updated = deepClone(old)
    if (random.chance(0.7)) updated.spec = { ...updated.spec, ...randomSpec(random) }
    if (random.chance(0.3)) updated.spec.extra = randomJson(random, 3)
    const before = flatten(old, type, '', new Map())
    const after = flatten(deepFreeze(updated), type, '', new Map())
    const found = compare(old, updated, WIDGET)
    const added = [...after.keys()].filter((path) => !before.has(path))
    const removed = [...before.keys()].filter((path) => !after.has(path))
    const modified = [...after.keys()].filter(
      (path) => before.has(path) && isModified(before.get(path), after.get(path)),
    )
    assert.deepEqual(
      [found.added, found.modified, found.removed].map((set) =>
        pathsOf(set)
          .map((path) => path.join(' '))
          .sort(),
      ),
      [added, modified, removed].map((paths) => paths.sort()),
      `seed ${seed}: ${text(old)} ${text(updated)}`,
    )
  }
})

/** Every path with what stands there: 'filled' for a container, its JSON for anything else. */
function flatten(
  value: unknown,
  type: MergeType,
  path: string,
  into: Map<string, string>,
): Map<string, string> {
  const at = (element: string) => (path === '' ? element : `${path} ${element}`)
  let filled = false
  if (isObject(value) && type.kind !== 'leaf') {
    for (const name of Object.keys(value)) {
      flatten(value[name], namedType(type, name)!, at(`f:${name}`), into)
      filled = true
    }
  } else if (Array.isArray(value) && type.rest !== undefined) {
    for (const item of value) {
      flatten(item, type.rest, at(listElement(type, item)!), into)
      filled = true
    }
  }
  const whole = Array.isArray(value) && type.rest === undefined ? 'whole ' : ''
  if (path !== '') into.set(path, filled ? 'filled' : whole + text(value))
  return into
}

function isModified(before = '', after = ''): boolean {
  if (before === after) return false
  const becameFilled = [before, after].includes('filled')
  return !becameFilled || ![before, after].some((shown) => ['{}', '[]', 'null'].includes(shown))
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, member) => {
    if (typeof member === 'bigint') return `${member}n`
    return isObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member
  })
}
