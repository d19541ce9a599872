import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  isZeroQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
  subQuantity,
} from './quantity.ts'
import { seededRandom } from './seeded-random.ts'

test('writes the canonical text that Go writes', () => {
  const cases: Record<string, string> = {
    // decimal
    '0': '0',
    '0.0': '0',
    '-0': '0',
    '1': '1',
    '0.5': '500m',
    '.5': '500m',
    '1.5': '1500m',
    '-1.5': '-1500m',
    '1000m': '1',
    '100': '100',
    '1000': '1k',
    '1500': '1500',
    '1000k': '1M',
    '12345678': '12345678',
    '1000000n': '1m',
    '1000u': '1m',
    '1M': '1M',
    '1000G': '1T',
    '1000T': '1P',
    '1000P': '1E',
    '9999999999999999999': '9999999999999999999',
    // never finer than a billionth, away from zero
    '0.0000000001': '1n',
    '-0.0000000001': '-1n',
    '1.0000000001': '1000000001n',
    '0.1n': '1n',
    // binary
    '1Ki': '1Ki',
    '1024Ki': '1Mi',
    '1000Ki': '1000Ki',
    '1.5Gi': '1536Mi',
    '0.5Ki': '512',
    '0.5Mi': '512Ki',
    '16Gi': '16Gi',
    '7Ei': '7Ei',
    '0.1Ki': '102400m',
    // the cap of binary amounts
    '9Ei': '9223372036854775807',
    '100Ei': '9223372036854775807',
    '-100Ei': '-9223372036854775807',
    // exponents
    '1e3': '1e3',
    '1E3': '1E3',
    '12e6': '12e6',
    '1e4': '10e3',
    '5e-3': '5e-3',
    '1e-10': '1e-9',
    '100e0': '100e0',
    // texts that Go keeps as they came
    '+5': '+5',
    '001': '001',
    '1.250': '1.250',
  }
  for (const [text, canonical] of Object.entries(cases))
    assert.equal(canonicalQuantity(text), canonical, text)
})

test('a number too large for the largest suffix keeps its value', () => {
  assert.equal(canonicalQuantity('1000E'), '1000E')
  assert.equal(canonicalQuantity('1000000E'), '1000000E')
})

test('refuses what Go refuses', () => {
  const wrong = [
    '',
    ' ',
    '1 ',
    ' 1',
    'x',
    '1x',
    '1kk',
    '1Kii',
    '1ki',
    '1KI',
    '1mi',
    '1e',
    '1e+',
    '1e1.5',
    '1.2.3',
    '1,5',
  ]
  for (const text of [...wrong, '--1', '1-', '1i', '0x10', 'NaN', 'Infinity', '1e3k', '1m5']) {
    assert.equal(parseQuantity(text), undefined, text)
  }
})

test('refuses texts and exponents that only cost time', () => {
  assert.equal(parseQuantity('9'.repeat(10_000)), undefined)
  assert.equal(parseQuantity('1e999999999'), undefined)
  assert.equal(parseQuantity('1e-999999999'), undefined)
})

test('reads JSON numbers', () => {
  assert.equal(canonicalQuantity(0.5), '500m')
  assert.equal(canonicalQuantity(2), '2')
  assert.equal(canonicalQuantity(1e21), '1e+21')
  assert.equal(canonicalQuantity(Number.NaN), undefined)
})

test('a fraction of one is decimal, whatever suffix it came with', () => {
  assert.equal(parseQuantity('0.000000000001Ki')!.format, 'DecimalSI')
  assert.equal(addQuantity('0.0001Ki', '2Ki'), '2048102400u')
  assert.equal(parseQuantity('0.5Ki')!.format, 'BinarySI')
})

test('compares across formats', () => {
  assert.equal(compareQuantity('1Ki', '1024'), 0)
  assert.equal(compareQuantity('1Ki', '1k'), 1)
  assert.equal(compareQuantity('1e3', '1k'), 0)
  assert.equal(compareQuantity('-1', '0'), -1)
  assert.equal(compareQuantity('9999999999999999999', '10E'), -1)
})

test('adds and subtracts in the format of the first, unless that is zero', () => {
  assert.equal(addQuantity('1Gi', '1Gi'), '2Gi')
  assert.equal(addQuantity('1Gi', '1'), '1073741825')
  assert.equal(addQuantity('0', '1Mi'), '1Mi')
  assert.equal(addQuantity('100m', '0.9'), '1')
  assert.equal(addQuantity('1', '1Ki'), '1025')
  assert.equal(subQuantity('1', '100m'), '900m')
  assert.equal(subQuantity('1Gi', '1Gi'), '0')
  assert.equal(subQuantity('1Mi', '2Mi'), '-1Mi')
})

test('values are rounded away from zero and capped to the safe range', () => {
  assert.equal(quantityValue('1.1'), 2)
  assert.equal(quantityValue('-1.1'), -2)
  assert.equal(quantityValue('1Ki'), 1024)
  assert.equal(quantityMilliValue('0.5'), 500)
  assert.equal(quantityMilliValue('0.0001'), 1)
  assert.equal(quantityMilliValue('2'), 2000)
  assert.equal(quantityValue('100E'), Number.MAX_SAFE_INTEGER)
  assert.equal(quantityValue('-100E'), -Number.MAX_SAFE_INTEGER)
})

test('zero is zero in every format', () => {
  for (const text of ['0', '0m', '0Gi', '0e5', '-0', '0.000']) assert.ok(isZeroQuantity(text), text)
  assert.ok(!isZeroQuantity('1n'))
})

test('fuzz: the canonical text is stable and has the same value; nothing throws', () => {
  const random = seededRandom(3)
  const alphabet = [...'0123456789.+-eEinumkKMGTPx ']
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: 1 + random.below(12) }, () => random.pick(alphabet)).join('')
    const canonical = canonicalQuantity(text)
    if (canonical === undefined) continue
    assert.equal(canonicalQuantity(canonical), canonical, text)
    const rounded = parseQuantity(text)!
    assert.equal(
      compareQuantity(canonical, text),
      0,
      `${text} ${canonical} ${rounded.unscaled}e${rounded.scale}`,
    )
    assert.equal(subQuantity(text, canonical), '0')
  }
})

test('fuzz: sums are what decimal arithmetic says', () => {
  const random = seededRandom(4)
  const suffixes = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9 }
  const names = Object.keys(suffixes) as (keyof typeof suffixes)[]
  for (let i = 0; i < 5000; i++) {
    const [a, b] = [random.below(1e6), random.below(1e6)]
    const [x, y] = [random.pick(names), random.pick(names)]
    const nanos = BigInt(a) * 10n ** BigInt(suffixes[x] + 9) + BigInt(b) * 10n ** BigInt(suffixes[y] + 9)
    assert.equal(compareQuantity(addQuantity(`${a}${x}`, `${b}${y}`), `${nanos}n`), 0, `${a}${x} ${b}${y}`)
  }
})
