import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError } from '../schema/decode-error.ts'
import { encodeJson, parseJsonBody } from './json.ts'

test('duplicate fields are strict errors in the words of Kubernetes', () => {
  assert.deepEqual(parseJsonBody('{"spec":{"replicas":1,"replicas":2}}'), {
    value: { spec: { replicas: 2 } },
    strictErrors: ['duplicate field "spec.replicas"'],
  })
})

test('what is no JSON is a decode error', () => {
  assert.throws(() => parseJsonBody(Buffer.from('{')), DecodeError)
})

test('a body ends with a line break and may be indented', () => {
  assert.equal(encodeJson({ a: [1] }), '{"a":[1]}\n')
  assert.equal(encodeJson({ a: 1 }, true), '{\n  "a": 1\n}\n')
})
