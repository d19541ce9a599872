import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutateBytes, type SeededRandom, seededRandom } from '@brume/base/seeded-random'
import { DecodeError } from '../schema/decode-error.ts'
import { encodeYaml, MAX_YAML_BYTES, parseYamlBody } from './yaml.ts'
import { compareKeys } from './yaml-emit.ts'

const read = (text: string) => parseYamlBody(text).value

function refused(text: string, message: RegExp | string): void {
  assert.throws(() => parseYamlBody(text), { name: 'DecodeError', message }, text.slice(0, 60))
}

test('plain scalars mean what YAML 1.1 says', () => {
  const cases: [text: string, value: unknown][] = [
    ['yes', true],
    ['No', false],
    ['ON', true],
    ['off', false],
    ['y', true],
    ['n', false],
    ['~', null],
    ['Null', null],
    ['', null],
    ['0777', 511],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b101', 5],
    ['-0x10', -16],
    ['1_000', 1000],
    ['+5', 5],
    ['08', 8],
    ['1e3', 1000],
    ['.5', 0.5],
    ['1:30', '1:30'],
    ['2001-01-01', '2001-01-01'],
    ['2001-01-01T00:00:00Z', '2001-01-01T00:00:00Z'],
    ['9223372036854775807', 9223372036854775807n],
    ['18446744073709551615', 18446744073709551615n],
    ['1.2.3', '1.2.3'],
    ['-', null],
  ]
  for (const [text, value] of cases.slice(0, -1)) assert.deepEqual(read(`a: ${text}`), { a: value }, text)
})

test('quotes and tags decide', () => {
  assert.deepEqual(read(`a: "yes"\nb: 'no'\nc: !!str 5\nd: !!int "5"\ne: !!float 5\nf: |-\n  true\n`), {
    a: 'yes',
    b: 'no',
    c: '5',
    d: 5,
    e: 5,
    f: 'true',
  })
  assert.deepEqual(read('a: !!binary aGVsbG8='), { a: 'hello' })
  refused('a: !!int x', /cannot decode !!str `x` as a !!int/)
})

test('keys become text', () => {
  assert.deepEqual(read('1: a\ntrue: b\n1.5: c\nyes: d\n'), { '1': 'a', '1.5': 'c', true: 'd' })
  refused('~: x', /unsupported map key/)
  refused('? [a]\n: x', /invalid map key/)
})

test('merge keys give way to the map itself', () => {
  assert.deepEqual(read('x: &a {p: 1, q: 2}\nz:\n  <<: *a\n  p: 5\n'), {
    x: { p: 1, q: 2 },
    z: { p: 5, q: 2 },
  })
  assert.deepEqual(read('z:\n  <<: [{p: 1}, {p: 2, q: 3}]\n'), { z: { p: 1, q: 3 } })
  refused('z:\n  <<: 5\n', /map merge requires map/)
})

test('duplicate keys are strict errors with their line', () => {
  assert.deepEqual(parseYamlBody('a: 1\na: 2\nb:\n  c: 1\n  c: 2\n'), {
    value: { a: 2, b: { c: 2 } },
    strictErrors: [
      'yaml: unmarshal errors:\n  line 2: key "a" already set in map\n  line 5: key "c" already set in map',
    ],
  })
  assert.equal(parseYamlBody('{"a":1,\n"a":2}').strictErrors.length, 1)
})

test('one document, no more', () => {
  assert.deepEqual(read('---\na: 1\n...\n'), { a: 1 })
  assert.equal(read('# only a comment\n'), null)
  assert.equal(read(''), null)
  refused('a: 1\n---\nb: 2\n', 'yaml: the body holds more than one document')
})

test('errors name the line', () => {
  refused('a: 1\nb: [1,\n', /^yaml: line \d+: /)
  refused('a: 1\n\tb: 2\n', /^yaml: line \d+: /)
  refused('a: *nothing\n', "yaml: unknown anchor 'nothing' referenced")
  refused('a: &a [*a]\n', "yaml: anchor 'a' value contains itself")
  refused('a: .nan\n', 'json: unsupported value: NaN')
  refused('a: -.inf\n', 'json: unsupported value: -Inf')
})

test('aliases cannot blow up', () => {
  let bomb = 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n'
  for (let i = 1; i < 12; i++)
    bomb += `a${i}: &a${i} [${Array(10)
      .fill(`*a${i - 1}`)
      .join(',')}]\n`
  refused(bomb, 'yaml: document contains excessive aliasing')
  refused(
    `a: &a {b: c}\n${Array.from({ length: 30 }, (_, i) => `m${i}: &m${i} {<<: [${i === 0 ? '*a' : `*m${i - 1}, *m${i - 1}`}]}`).join('\n')}`,
    /excessive aliasing/,
  )
})

test('nesting and size are limited', () => {
  for (const part of ['[', '{a: ', '- ', '? ']) refused(part.repeat(30_000), 'yaml: exceeded max depth')
  refused(`a: ${'x'.repeat(MAX_YAML_BYTES)}`, /larger than/)
})

test('piles of what costs the parser most are refused early', () => {
  for (const part of ['&a ', '*a ', '!a ', '%a\n', '{}', '---\n']) {
    assert.throws(() => parseYamlBody(part.repeat(50_000)), DecodeError, part)
  }
})

test('a large body that is JSON is read as such', () => {
  const text = `{"a":"${'x'.repeat(MAX_YAML_BYTES)}"}`
  assert.equal((read(text) as { a: string }).a.length, MAX_YAML_BYTES)
})

test('__proto__ is a key like any other', () => {
  const value = read('__proto__: {admin: true}\nb: 1\n') as Record<string, unknown>
  assert.deepEqual(Object.keys(value), ['__proto__', 'b'])
  assert.equal((value as { admin?: boolean }).admin, undefined)
})

test('writes strings in the form that go-yaml picks', () => {
  const cases: [value: string, text: string][] = [
    ['plain text', 'plain text'],
    ['', '""'],
    ['true', '"true"'],
    ['y', '"y"'],
    ['1.5', '"1.5"'],
    ['0777', '"0777"'],
    ['12:30', '"12:30"'],
    ['2001-01-01', '"2001-01-01"'],
    ['~', '"~"'],
    [' lead', "' lead'"],
    ['trail ', "'trail '"],
    ["it's: here", "'it''s: here'"],
    ['- x', "'- x'"],
    ['-x', '-x'],
    ['#x', "'#x'"],
    ['a #b', "'a #b'"],
    ['a:b', 'a:b'],
    ['x:', "'x:'"],
    ['*x', "'*x'"],
    ['tab\t', '"tab\\t"'],
    ['\u{1f600}', '"\\U0001F600"'],
    ['é', 'é'],
    ['a\nb\n', '|\n  a\n  b'],
    ['a\nb', '|-\n  a\n  b'],
    ['a\n\n', '|+\n  a\n'],
    ['\na', '|2-\n\n  a'],
    ['a \nb', '"a \\nb"'],
  ]
  for (const [value, text] of cases)
    assert.equal(encodeYaml({ k: value }), `k: ${text}\n`, JSON.stringify(value))
})

test('text is folded at the first space beyond 80 columns', () => {
  const words = (count: number) => Array(count).fill('word').join(' ')
  assert.equal(encodeYaml({ k: words(21) }), `k: ${words(16)}\n  ${words(5)}\n`)
})

test('writes collections without needless indent', () => {
  assert.equal(
    encodeYaml({ list: [{ a: 1, b: [] }, [1, [2]], {}], n: null, empty: {}, big: 2n ** 60n }),
    'big: 1152921504606846976\nempty: {}\nlist:\n- a: 1\n  b: []\n- - 1\n  - - 2\n- {}\n"n": null\n',
  )
  assert.equal(encodeYaml([]), '[]\n')
  assert.equal(encodeYaml('x'), 'x\n')
  assert.equal(encodeYaml({ [`k${'x'.repeat(130)}`]: 1 }), `? k${'x'.repeat(130)}\n: 1\n`)
})

test('keys are in natural order', () => {
  const keys = ['b', 'a10', 'a9', 'a', 'A', 'a/b', '1', '10', '2', 'a01', 'a1']
  assert.deepEqual(keys.sort(compareKeys), ['1', '2', '10', 'A', 'a', 'a/b', 'a1', 'a01', 'a9', 'a10', 'b'])
})

test('fuzz: what is written reads back', () => {
  const random = seededRandom(10)
  for (let i = 0; i < 1500; i++) {
    const value = { v: randomValue(random, 0) }
    assert.deepEqual(read(encodeYaml(value)), value, encodeYaml(value))
  }
})

test('fuzz: mutated YAML gives a value or a DecodeError', () => {
  const random = seededRandom(11)
  const seed = 'a: &x {b: [1, "two", 3.5]}\nc:\n- d: |\n    text\n  e: *x\n- <<: *x\nf: !!str 5\n? g\n: h\n'
  for (let i = 0; i < 3000; i++) {
    const bytes = mutateBytes(Buffer.from(seed), random)
    try {
      parseYamlBody(bytes)
    } catch (error) {
      assert.ok(
        error instanceof DecodeError,
        `${JSON.stringify(bytes.toString())}: ${(error as Error).stack}`,
      )
    }
  }
})

function randomValue(random: SeededRandom, depth: number): unknown {
  const kind = random.below(depth > 3 ? 4 : 6)
  if (kind === 0) return random.pick([null, true, false, 0, -1, 1.5, 1e21, 123456789, 2n ** 60n])
  if (kind < 4) return randomText(random)
  const size = random.below(4)
  if (kind === 4) return Array.from({ length: size }, () => randomValue(random, depth + 1))
  return Object.fromEntries(
    Array.from({ length: size }, () => [randomText(random).slice(0, 20), randomValue(random, depth + 1)]),
  )
}

function randomText(random: SeededRandom): string {
  const alphabet = [
    'a',
    'b',
    'word ',
    ': ',
    '#',
    ' ',
    '"',
    "'",
    '\n',
    '-',
    '- ',
    '\t',
    '{',
    '0',
    '1',
    'é',
    '😀',
    '\\',
    '%',
    '...',
    '~',
    ',',
    '\r',
    '\u2028',
  ]
  return Array.from({ length: random.below(30) }, () => random.pick(alphabet)).join('')
}
