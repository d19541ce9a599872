import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { parseYamlBody } from './yaml-body.ts'

const { cache } = createRequire(import.meta.url)
const isParserLoaded = () => Object.keys(cache).some((path) => path.includes('/node_modules/yaml/'))

test('JSON that is said to be YAML is read without the YAML parser, which costs an idle cloud memory', () => {
  const body = Buffer.from(' {"a": {"b": [1, "x"]}}')
  assert.deepEqual(parseYamlBody(body), { value: { a: { b: [1, 'x'] } }, strictErrors: [] })
  assert.equal(isParserLoaded(), false)
})

test('all else is read as YAML', () => {
  assert.deepEqual(parseYamlBody('a:\n  b: yes\n').value, { a: { b: true } })
  assert.deepEqual(parseYamlBody('{a: 1}').value, { a: 1 })
  assert.deepEqual(parseYamlBody('{"a": 1, "a": 2}').strictErrors.length, 1)
  assert.equal(isParserLoaded(), true)
})
