import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@brume/base/errors'
import { deepFreeze } from '@brume/base/values'
import { applyMergePatch } from './merge-patch.ts'

const apply = (document: unknown, patch: unknown) => applyMergePatch(deepFreeze(document), deepFreeze(patch))

test('members are set, merged or, with null, removed', () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{ a: 1 }, { a: { b: null, c: 2 } }, { a: { c: 2 } }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{ a: 1 }, {}, { a: 1 }],
  ]
  for (const [document, patch, result] of cases) {
    assert.deepEqual(apply(document, patch), result, JSON.stringify([document, patch]))
  }
})

test('a patch that is no object is a bad request', () => {
  for (const patch of [[], 'x', 1, null, true]) {
    assert.throws(() => apply({}, patch), StatusError)
  }
  assert.throws(() => apply({}, [1]), {
    message:
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
  })
})

test('inherited names are members like any other', () => {
  const patch = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"x":null},"toString":"t"}')
  const result = apply({ a: 1 }, patch) as object
  assert.equal(JSON.stringify(result), '{"a":1,"__proto__":{"polluted":1},"constructor":{},"toString":"t"}')
  assert.equal('polluted' in {}, false)
})

test('what the patch does not name is shared with the document', () => {
  const document = { spec: { a: {} }, status: {} }
  const result = apply(document, { spec: { b: 1 } }) as typeof document
  assert.equal(result.status, document.status)
  assert.equal(result.spec.a, document.spec.a)
})
