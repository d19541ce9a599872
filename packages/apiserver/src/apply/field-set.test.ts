import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepFreeze } from '@brume/base/values'
import {
  contains,
  describePath,
  difference,
  type FieldSet,
  fieldSetOfPaths,
  intersection,
  isEmpty,
  pathsOf,
  recursiveDifference,
  union,
} from './field-set.ts'
import { FieldSetSyntaxError, formatFieldSet, parseFieldSet } from './field-set-json.ts'
import { type Random, seeded } from './testing/random.ts'

/** A set as the texts of its paths, the model that the trie must agree with. */
const texts = (set: FieldSet) => new Set(pathsOf(set).map((path) => path.join(' ')))

const ELEMENTS = ['f:a', 'f:b', 'k:{"name":"x"}', 'k:{"name":"y"}', 'v:1', 'v:10']

function randomSet(random: Random): FieldSet {
  let set: FieldSet = {}
  for (let i = random.below(8); i > 0; i--) {
    let node: FieldSet = {}
    for (let depth = 1 + random.below(4); depth > 0; depth--) node = { [random.pick(ELEMENTS)]: node }
    set = union(set, node)
  }
  return deepFreeze(set)
}

/** No node without a path, `.` only beside other elements and first, elements in order. */
function assertWellFormed(set: FieldSet): void {
  assert.equal(JSON.stringify(parseFieldSet(JSON.parse(JSON.stringify(set)))), JSON.stringify(set))
}

test('set operations agree with sets of paths, never change their inputs, and keep the form of FieldsV1', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const random = seeded(seed)
    const a = randomSet(random)
    const b = randomSet(random)
    const [inA, inB] = [texts(a), texts(b)]
    const message = `seed ${seed}`
    assert.deepEqual(texts(union(a, b)), inA.union(inB), message)
    assert.deepEqual(texts(intersection(a, b)), inA.intersection(inB), message)
    assert.deepEqual(texts(difference(a, b)), inA.difference(inB), message)
    const below = [...inA].filter((p) => ![...inB].some((q) => p === q || p.startsWith(`${q} `)))
    assert.deepEqual(texts(recursiveDifference(a, b)), new Set(below), message)
    assert.equal(isEmpty(difference(a, union(a, b))), true, message)
    for (const set of [union(a, b), intersection(a, b), difference(a, b), recursiveDifference(a, b)]) {
      assertWellFormed(set)
    }
  }
})

test('operations that change nothing return their first operand itself', () => {
  const set = fieldSetOfPaths([['spec', 'replicas'], ['spec']])
  const other = fieldSetOfPaths([['status']])
  assert.equal(union(set, fieldSetOfPaths([['spec', 'replicas']])), set)
  assert.equal(difference(set, other), set)
  assert.equal(recursiveDifference(set, other), set)
})

test('a path is contained only as a member, not as a parent', () => {
  const set = fieldSetOfPaths([['spec', 'replicas']])
  assert.equal(contains(set, ['f:spec', 'f:replicas']), true)
  assert.equal(contains(set, ['f:spec']), false)
  assert.equal(contains(set, []), false)
  assert.equal(contains(set, ['f:spec', 'f:constructor']), false)
})

test('a path reads as in messages', () => {
  const path = ['f:spec', 'f:template', 'f:spec', 'f:containers', 'k:{"name":"nginx"}', 'f:image']
  assert.equal(describePath(path), '.spec.template.spec.containers[name="nginx"].image')
})

test('fieldsV1 in order is used as it is, and any other order or form becomes that one', () => {
  const sent = JSON.parse('{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:replicas":{}}}')
  assert.equal(parseFieldSet(sent), sent)
  assert.equal(formatFieldSet(parseFieldSet(sent)), sent)
  const odd = {
    'f:spec': {
      'f:replicas': {},
      'f:ports': { 'k:{"protocol":"TCP","port":80}': { 'f:port': {}, '.': {} } },
    },
    'f:metadata': { 'f:labels': {}, 'z:unknown': {} },
    '.': {},
  }
  assert.equal(
    JSON.stringify(parseFieldSet(odd)),
    '{"f:metadata":{"f:labels":{}},"f:spec":{"f:ports":{"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{}}},"f:replicas":{}}}',
  )
})

test('two spellings of one element are one', () => {
  const set = parseFieldSet({ 'v:1': {}, 'v:1.0': { 'f:a': {} } })
  assert.equal(JSON.stringify(set), '{"v:1":{".":{},"f:a":{}}}')
})

test('what is no field set is refused', () => {
  for (const value of [
    [],
    'x',
    3,
    { 'f:a': 1 },
    { 'f:a': [] },
    { name: {} },
    { 'k:': {} },
    { 'f:a': { 'v:{': {} } },
  ]) {
    assert.throws(() => parseFieldSet(value), FieldSetSyntaxError, JSON.stringify(value))
  }
  assert.equal(isEmpty(parseFieldSet(undefined)), true)
})
