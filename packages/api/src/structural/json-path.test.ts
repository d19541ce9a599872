import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluateJsonPath } from './json-path.ts'
import { parseJsonPath } from './json-path-parse.ts'

const object = {
  metadata: { name: 'x', labels: { 'app.kubernetes.io/name': 'web' } },
  spec: { replicas: 3, list: [1, 2, 3, 4], items: [{ a: 1 }, { a: 2, b: 'y' }] },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Synced', status: 'False' },
    ],
  },
}

function find(path: string, value: unknown = object): unknown[] {
  const parsed = parseJsonPath(path)
  assert.ok(parsed, `${path} parses`)
  return evaluateJsonPath(parsed, value)
}

test('follows fields, escaped dots and quoted keys', () => {
  assert.deepEqual(find('.spec.replicas'), [3])
  assert.deepEqual(find('.metadata.labels.app\\.kubernetes\\.io/name'), ['web'])
  assert.deepEqual(find(".metadata.labels['app\\.kubernetes\\.io/name']"), ['web'])
  assert.deepEqual(find('.metadata["name"]'), ['x'])
  assert.deepEqual(find('$.metadata.name'), ['x'])
  assert.deepEqual(find('.spec.nothing.below'), [])
})

test('indexes, slices, wildcards and unions', () => {
  assert.deepEqual(find('.spec.list[0]'), [1])
  assert.deepEqual(find('.spec.list[-1]'), [4])
  assert.deepEqual(find('.spec.list[1:3]'), [2, 3])
  assert.deepEqual(find('.spec.list[0:4:2]'), [1, 3])
  assert.deepEqual(find('.spec.list[:2]'), [1, 2])
  assert.deepEqual(find('.spec.list[0,2]'), [1, 3])
  assert.deepEqual(find('.spec.items[*].a'), [1, 2])
  assert.deepEqual(find(".spec['replicas','list']"), [3, [1, 2, 3, 4]])
  assert.deepEqual(find('.status.conditions.*.type'), ['Ready', 'Synced'])
})

test('filters by comparison and by existence', () => {
  assert.deepEqual(find('.status.conditions[?(@.type=="Ready")].status'), ['True'])
  assert.deepEqual(find(".status.conditions[?(@.type == 'Synced')].status"), ['False'])
  assert.deepEqual(find('.status.conditions[?(@.type!="Ready")].status'), ['False'])
  assert.deepEqual(find('.spec.items[?(@.b)].a'), [2])
  assert.deepEqual(find('.spec.items[?(@.a > 1)].b'), ['y'])
})

test('descends recursively', () => {
  assert.deepEqual(find('..type'), ['Ready', 'Synced'])
  assert.deepEqual(find('.status..status'), ['True', 'False'])
})

test('tells text that is no path', () => {
  for (const text of [
    '.a..',
    '.a[',
    '.a[?(@.b==',
    ".a['x]",
    '.a b',
    '.a[x]',
    '[?()]',
    `${'.a'.repeat(5000)}`,
  ]) {
    assert.equal(parseJsonPath(text), undefined, text)
  }
})

test('gives up a multiplying descent within its bound', () => {
  let deep: unknown = 1
  for (let i = 0; i < 5000; i++) deep = { a: deep, b: [deep] }
  assert.ok(Array.isArray(find('..a..a..a..a..a..a..b', deep)))
})

test('survives random text', () => {
  const alphabet = [
    '.',
    '[',
    ']',
    '?(',
    ')',
    '@',
    '*',
    '..',
    "'",
    '"',
    '0',
    ':',
    ',',
    'a',
    '==',
    '\\',
    '$',
    ' ',
  ]
  let seed = 7
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return seed % n
  }
  for (let i = 0; i < 20_000; i++) {
    let text = ''
    for (let n = random(12); n >= 0; n--) text += alphabet[random(alphabet.length)]
    const parsed = parseJsonPath(text)
    if (parsed !== undefined) assert.ok(Array.isArray(evaluateJsonPath(parsed, object)))
  }
})
