import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '@brume/store/contract'
import { EncodedCache } from './encoded-cache.ts'

const entry = (key: string) => ({ key }) as Entry
const FORM = {}

test('gives back what was kept of the very same entry in the same form', () => {
  const cache = new EncodedCache(100)
  const first = entry('a')
  cache.set(first, FORM, Buffer.from('one'))
  assert.equal(String(cache.get(first, FORM)), 'one')
  assert.equal(cache.get(entry('a'), FORM), undefined, 'a later state of the object')
  assert.equal(cache.get(first, {}), undefined, 'another version of the kind')
})

test('never keeps more bytes than its budget, and drops the oldest first', () => {
  const cache = new EncodedCache(25)
  const entries = [entry('a'), entry('b'), entry('c')]
  for (const each of entries) cache.set(each, FORM, Buffer.alloc(10))
  assert.deepEqual(
    entries.map((each) => cache.get(each, FORM)?.length),
    [undefined, 10, 10],
  )
  assert.equal(cache.bytes, 20)
  cache.set(entries[1]!, FORM, Buffer.alloc(5))
  assert.equal(cache.bytes, 15)
  cache.set(entry('huge'), FORM, Buffer.alloc(26))
  assert.equal(cache.bytes, 0)
})
