import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonError, MAX_JSON_DEPTH, parseJson, parseOwnJson, stringifyJson } from './json.ts'
import { parseExact } from './json-exact.ts'
import { mutateBytes, type SeededRandom, seededRandom } from './seeded-random.ts'
import { deepEqual } from './values.ts'

test('reads plain documents as JSON.parse does', () => {
  const text = '{"a":[1,-2.5,true,false,null,"x\\u0041\\n"],"b":{"c":{}},"d":""}'
  assert.deepEqual(parseJson(text), { value: JSON.parse(text), duplicateKeys: [] })
  assert.deepEqual(parseJson(Buffer.from(text)).value, JSON.parse(text))
})

test('reports duplicate keys by path, and the last one wins', () => {
  const text =
    '{"spec":{"replicas":1,"replicas":2,"containers":[{"name":"a","name":"b"}]},"spec2":1,"spec2":1}'
  assert.deepEqual(parseJson(text), {
    value: { spec: { replicas: 2, containers: [{ name: 'b' }] }, spec2: 1 },
    duplicateKeys: ['spec.replicas', 'spec.containers[0].name', 'spec2'],
  })
})

test('finds a duplicate that hides behind an escape', () => {
  assert.deepEqual(parseJson('{"a":1,"\\u0061":2}').duplicateKeys, ['a'])
})

test('a colon in a string is no key', () => {
  assert.deepEqual(parseJson('{"a":"b:c\\"d:e"}'), { value: { a: 'b:c"d:e' }, duplicateKeys: [] })
})

test('reports at most a hundred duplicate keys', () => {
  const text = `{${Array.from({ length: 300 }, (_, i) => `"k${i % 150}":1`).join(',')}}`
  assert.equal(parseJson(text).duplicateKeys.length, 100)
})

test('keeps integers beyond the safe range exactly, and writes them back', () => {
  const text =
    '{"max":9223372036854775807,"min":-9223372036854775808,"safe":9007199254740991,"next":9007199254740993}'
  const { value } = parseJson(text)
  assert.deepEqual(value, {
    max: 9223372036854775807n,
    min: -9223372036854775808n,
    safe: 9007199254740991,
    next: 9007199254740993n,
  })
  assert.equal(stringifyJson(value), text)
})

test('indents, with long integers too', () => {
  assert.equal(stringifyJson({ a: 2n ** 60n }, 2), '{\n  "a": 1152921504606846976\n}')
})

test('a cycle is still refused when written', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  assert.throws(() => stringifyJson(cycle), TypeError)
})

test('__proto__ is a key like any other', () => {
  for (const text of ['{"__proto__":{"admin":true}}', '{"__proto__":{"admin":true},"n":90071992547409930}']) {
    const value = parseJson(text).value as Record<string, unknown>
    assert.deepEqual(Object.keys(value)[0], '__proto__')
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    assert.equal((value as { admin?: boolean }).admin, undefined)
  }
  assert.deepEqual(parseJson('{"__proto__":1,"__proto__":2}').duplicateKeys, ['__proto__'])
})

test('nesting is limited by an error, not by the stack', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  assert.doesNotThrow(() => parseJson(nested(MAX_JSON_DEPTH)))
  assert.throws(() => parseJson(nested(MAX_JSON_DEPTH + 2)), JsonError)
  assert.throws(() => parseJson('['.repeat(1_000_000)), JsonError)
  assert.throws(() => parseJson('{"a":'.repeat(1_000_000)), JsonError)
})

test('errors carry an offset and the words of Go', () => {
  const cases: [text: string, message: string, offset: number][] = [
    ['', 'unexpected end of JSON input', 0],
    ['{', 'unexpected end of JSON input', 1],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string", 7],
    ['{"a" 1}', "invalid character '1' after object key", 5],
    ['{"a":1 "b"', "invalid character '\"' after object key:value pair", 7],
    ['[1 2]', "invalid character '2' after array element", 3],
    ['nul!', "invalid character '!' in literal null (expecting 'l')", 3],
    ['1 2', "invalid character '2' after top-level value", 2],
    ['"\\x"', "invalid character 'x' in string escape code", 2],
    ['01', "invalid character '1' after top-level value", 1],
  ]
  for (const [text, message, offset] of cases) {
    assert.throws(() => parseJson(text), { name: 'JsonError', message, offset }, text)
  }
})

test('a number that no float holds is refused', () => {
  assert.throws(() => parseJson('1e400'), JsonError)
  assert.equal(parseJson('1e21').value, 1e21)
})

test('invalid UTF-8 becomes the replacement character', () => {
  assert.equal(parseJson(Buffer.from([0x22, 0xff, 0x22])).value, '\ufffd')
})

test('fuzz: both parsers agree with JSON.parse on random documents', () => {
  const random = seededRandom(1)
  for (let i = 0; i < 3000; i++) {
    const text = JSON.stringify(randomValue(random, 0), undefined, random.below(2))
    assert.ok(deepEqual(parseJson(text).value, JSON.parse(text)), text)
    assert.ok(deepEqual(parseExact(text).value, JSON.parse(text)), text)
  }
})

test('fuzz: a mutated document is either refused with JsonError or means what JSON.parse says', () => {
  const random = seededRandom(2)
  for (let i = 0; i < 5000; i++) {
    const bytes = mutateBytes(Buffer.from(JSON.stringify(randomValue(random, 0))), random)
    const expected = outcome(() => JSON.parse(bytes.toString()))
    const actual = outcome(() => parseJson(bytes).value)
    // JSON.parse makes Infinity of what no float holds.
    if (actual.failed && String(actual.error).endsWith('is out of range')) continue
    assert.equal(actual.failed, expected.failed, bytes.toString())
    if (expected.failed) assert.ok(actual.error instanceof JsonError, String(actual.error))
    else assert.ok(sameButForLongIntegers(actual.value, expected.value), bytes.toString())
  }
})

function outcome(run: () => unknown): { failed: boolean; value?: unknown; error?: unknown } {
  try {
    return { failed: false, value: run() }
  } catch (error) {
    return { failed: true, error }
  }
}

/** JSON.parse rounds what parseJson keeps. */
function sameButForLongIntegers(actual: unknown, expected: unknown): boolean {
  return JSON.stringify(actual, roundBigint) === JSON.stringify(expected)
}

function roundBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

function randomValue(random: SeededRandom, depth: number): unknown {
  const kind = random.below(depth > 4 ? 5 : 7)
  if (kind === 0) return null
  if (kind === 1) return random.below(2) === 0
  if (kind === 2) return random.below(1e9) - 5e8
  if (kind === 3) return random.next() * 1e6
  if (kind === 4) return randomText(random)
  const size = random.below(5)
  if (kind === 5) return Array.from({ length: size }, () => randomValue(random, depth + 1))
  return Object.fromEntries(
    Array.from({ length: size }, () => [randomText(random), randomValue(random, depth + 1)]),
  )
}

function randomText(random: SeededRandom): string {
  const alphabet = ['a', 'b', ':', '"', '\\', '{', '\n', '\u0000', 'é', '😀', '\u2028', '__proto__', ' ']
  return Array.from({ length: random.below(6) }, () => random.pick(alphabet)).join('')
}

test('reads back exactly what it wrote itself', () => {
  const value = JSON.parse(
    '{"__proto__":{"a":1},"n":[0,-1.5,1e30,9007199254740991,""],"t":"1234567890123456789"}',
  )
  for (const written of [value, { ...value, big: 12345678901234567890n }, [], 'x']) {
    assert.ok(deepEqual(parseOwnJson(Buffer.from(stringifyJson(written))), written))
  }
})
