import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeFieldValue, parseFieldSelector } from './field-selector.ts'
import { SelectorError } from './requirement.ts'

const fields: Record<string, string> = { 'metadata.name': 'a', 'status.phase': 'Running', odd: 'a,b=c\\d' }
const matches = (text: string) => parseFieldSelector(text).matches((field) => fields[field] ?? '')

test('matches equal and unequal fields', () => {
  for (const text of [
    '',
    'metadata.name=a',
    'metadata.name==a',
    'metadata.name!=b',
    'x=',
    'metadata.name=a,status.phase!=Failed,',
  ]) {
    assert.ok(matches(text), text)
  }
  for (const text of ['metadata.name=b', 'status.phase!=Running', 'x!=']) assert.ok(!matches(text), text)
})

test('reads escaped values', () => {
  assert.ok(matches(`odd=${escapeFieldValue('a,b=c\\d')}`))
  assert.equal(parseFieldSelector('odd=a\\,b').toString(), 'odd=a\\,b')
  assert.equal(parseFieldSelector('spec.nodeName=n,a!=b').exactMatch('spec.nodeName'), 'n')
})

test('says what it did not understand', () => {
  const cases: [string, string][] = [
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
    ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ]
  for (const [text, message] of cases) {
    assert.throws(() => parseFieldSelector(text), { name: 'SelectorError', message }, text)
  }
})

test('any text either parses or is refused with a SelectorError', () => {
  let seed = 3
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % below
  }
  const parts = ['a', '=', '!', '\\', ',', '.', ' ', 'é']
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random(12) }, () => parts[random(parts.length)]).join('')
    try {
      const selector = parseFieldSelector(text)
      assert.deepEqual(parseFieldSelector(selector.toString()).requirements, selector.requirements, text)
    } catch (error) {
      assert.ok(error instanceof SelectorError, `${JSON.stringify(text)}: ${error}`)
    }
  }
})
