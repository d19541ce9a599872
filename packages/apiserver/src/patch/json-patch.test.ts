import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@brume/base/errors'
import { MAX_JSON_DEPTH } from '@brume/base/json'
import { deepFreeze } from '@brume/base/values'
import { applyJsonPatch } from './json-patch.ts'

const apply = (document: unknown, ...operations: unknown[]) =>
  applyJsonPatch(deepFreeze(document), deepFreeze(operations))

function failure(document: unknown, patch: unknown): StatusError {
  try {
    applyJsonPatch(deepFreeze(document), deepFreeze(patch))
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error))
    return error
  }
  throw new Error(`the patch applied: ${JSON.stringify(patch)}`)
}

test('add sets members, inserts into arrays and replaces the document', () => {
  assert.deepEqual(apply({ a: 1 }, { op: 'add', path: '/b', value: [2] }), { a: 1, b: [2] })
  assert.deepEqual(apply({ a: 1 }, { op: 'add', path: '/a', value: null }), { a: null })
  assert.deepEqual(apply({ a: [1, 3] }, { op: 'add', path: '/a/1', value: 2 }), { a: [1, 2, 3] })
  assert.deepEqual(apply({ a: [1] }, { op: 'add', path: '/a/1', value: 2 }), { a: [1, 2] })
  assert.deepEqual(apply({ a: [1] }, { op: 'add', path: '/a/-', value: 2 }), { a: [1, 2] })
  assert.deepEqual(apply({ a: 1 }, { op: 'add', path: '', value: { b: 2 } }), { b: 2 })
  assert.deepEqual(apply({ '': 1 }, { op: 'add', path: '/', value: 2 }), { '': 2 })
})

test('remove, replace, move and copy', () => {
  assert.deepEqual(apply({ a: 1, b: 2 }, { op: 'remove', path: '/b' }), { a: 1 })
  assert.deepEqual(apply({ a: [1, 2, 3] }, { op: 'remove', path: '/a/1' }), { a: [1, 3] })
  assert.deepEqual(apply({ a: [1, 2] }, { op: 'replace', path: '/a/0', value: { x: 1 } }), {
    a: [{ x: 1 }, 2],
  })
  assert.deepEqual(apply({ a: 1 }, { op: 'replace', path: '', value: [1] }), [1])
  assert.deepEqual(apply({ a: { x: 1 }, b: {} }, { op: 'move', from: '/a/x', path: '/b/y' }), {
    a: {},
    b: { y: 1 },
  })
  assert.deepEqual(apply({ a: [1, 2, 3] }, { op: 'move', from: '/a/0', path: '/a/2' }), { a: [2, 3, 1] })
  assert.deepEqual(apply({ a: 1 }, { op: 'move', from: '/a', path: '/a' }), { a: 1 })
  assert.deepEqual(apply({ a: { x: 1 } }, { op: 'copy', from: '/a', path: '/b' }), {
    a: { x: 1 },
    b: { x: 1 },
  })
})

test('an index may count from the end, as Kubernetes accepts', () => {
  assert.deepEqual(apply([1, 2, 3], { op: 'remove', path: '/-1' }), [1, 2])
  assert.deepEqual(apply([1, 2], { op: 'add', path: '/-1', value: 3 }), [1, 2, 3])
})

test('pointers are unescaped once', () => {
  const path = '/metadata/annotations/a~1b~01'
  const document = { metadata: { annotations: { 'a/b~1': 'x' } } }
  assert.deepEqual(apply(document, { op: 'replace', path, value: 'y' }), {
    metadata: { annotations: { 'a/b~1': 'y' } },
  })
})

test('test compares by value: order of members is nothing, order of items is', () => {
  const document = { a: { x: 1, y: [1, 2] }, big: 9007199254740993n }
  assert.equal(apply(document, { op: 'test', path: '/a', value: { y: [1, 2], x: 1 } }), document)
  assert.equal(apply(document, { op: 'test', path: '/big', value: 9007199254740993n }), document)
  assert.equal(apply(document, { op: 'test', path: '/missing', value: null }), document)
  for (const [path, value] of [
    ['/a/y', [2, 1]],
    ['/a/x', '1'],
    ['/missing', 1],
    ['/missing/deeper', null],
    ['/a/y/2', null],
  ]) {
    assert.equal(failure(document, [{ op: 'test', path, value }]).reason, 'Invalid', String(path))
  }
})

test('what does not apply is 422 without a reason given to the client', () => {
  const document = { a: [1], o: {}, s: 'text' }
  const cases: object[] = [
    { op: 'remove', path: '/missing' },
    { op: 'remove', path: '' },
    { op: 'remove', path: '/a/1' },
    { op: 'remove', path: '/a/-' },
    { op: 'replace', path: '/missing', value: 1 },
    { op: 'replace', path: '/a/-', value: 1 },
    { op: 'add', path: '/missing/x', value: 1 },
    { op: 'add', path: '/a/3', value: 1 },
    { op: 'add', path: '/a/01', value: 1 },
    { op: 'add', path: '/a/x', value: 1 },
    { op: 'add', path: '/s/x', value: 1 },
    { op: 'add', path: '/o/x' },
    { op: 'add', path: 'o/x', value: 1 },
    { op: 'add', value: 1 },
    { op: 'move', from: '/o', path: '/o/x' },
    { op: 'move', from: '/missing', path: '/o/x' },
    { op: 'copy', path: '/o/x' },
    { op: 'spam', path: '/o' },
    { path: '/o' },
    { op: 'remove', path: '/o/constructor' },
    { op: 'add', path: '/o/__proto__/polluted', value: 1 },
  ]
  for (const operation of cases) {
    const error = failure(document, [operation])
    const shown = [error.reason, error.code, error.message, error.details]
    const message = 'the server rejected our request due to an error in our request'
    assert.deepEqual(shown, ['Invalid', 422, message, {}], JSON.stringify(operation))
  }
})

test('what is no list of operations is a bad request, too many are too large', () => {
  assert.deepEqual(
    [failure({}, {}).reason, failure({}, {}).message],
    ['BadRequest', 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'],
  )
  assert.equal(
    failure({}, ['x']).message,
    'json: cannot unmarshal string into Go value of type jsonpatch.Operation',
  )
  const error = failure({}, Array(10_001).fill({ op: 'test', path: '', value: {} }))
  assert.equal(error.code, 413)
  assert.equal(
    error.message,
    'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
  )
})

test('__proto__ is a member like any other', () => {
  const result = apply({}, { op: 'add', path: '/__proto__', value: { polluted: true } }) as object
  assert.deepEqual(Object.keys(result), ['__proto__'])
  assert.equal('polluted' in {}, false)
  assert.equal(Object.getPrototypeOf(result), Object.prototype)
})

test('a copy stays as it was when its source changes, and the other way round', () => {
  assert.deepEqual(
    apply(
      { a: { x: [1] } },
      { op: 'add', path: '/a/x/-', value: 2 },
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/a/x/-', value: 3 },
      { op: 'add', path: '/b/x/0', value: 0 },
    ),
    { a: { x: [1, 2, 3] }, b: { x: [0, 1, 2] } },
  )
})

test('what no operation touches is shared with the document', () => {
  const document = { spec: { a: { b: 1 }, c: 2 }, status: { big: 'x' } }
  const result = apply(document, { op: 'replace', path: '/spec/c', value: 3 }) as typeof document
  assert.equal(result.status, document.status)
  assert.equal(result.spec.a, document.spec.a)
})

test('copies cannot make a document explode', () => {
  const bomb = [{ op: 'add', path: '/a', value: ['xxxxxxxxxxxxxxxx'] }]
  for (let i = 0; i < 60; i++) bomb.push({ op: 'copy', from: '/a', path: '/a/-' } as never)
  assert.equal(failure({}, bomb).reason, 'Invalid')
})

test('operations cannot nest a document deeper than the parser would', () => {
  const deeper = [{ op: 'add', path: '/a', value: {} }]
  for (let i = 0; i < MAX_JSON_DEPTH; i++) {
    const [from, into] = i % 2 === 0 ? ['/a', '/b'] : ['/b', '/a']
    deeper.push({ op: 'add', path: into, value: {} }, { op: 'move', from, path: `${into}/x` } as never)
  }
  assert.equal(failure({}, deeper).reason, 'Invalid')
})
