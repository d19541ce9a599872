import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLabelSelector } from './label-selector.ts'
import { SelectorError } from './requirement.ts'
import { formatStructured, fromMap, fromStructured, toStructured } from './structured.ts'

const matches = (text: string, labels: Record<string, string>) => parseLabelSelector(text).matches(labels)

test('every operator matches as Kubernetes has it', () => {
  const cases: [string, Record<string, string>, boolean][] = [
    ['', {}, true],
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'c' }, false],
    ['a=', { a: '' }, true],
    ['a=', {}, false],
    ['a!=b', {}, true],
    ['a!=b', { a: 'b' }, false],
    ['a', { a: '' }, true],
    ['a', {}, false],
    ['!a', {}, true],
    ['!a', { a: '' }, false],
    ['a in (b,c)', { a: 'c' }, true],
    ['a in (b,c)', {}, false],
    ['a notin (b)', {}, true],
    ['a notin (b)', { a: 'b' }, false],
    ['a in ()', { a: '' }, true],
    ['a in (,b)', { a: '' }, true],
    ['a>5', { a: '6' }, true],
    ['a>5', { a: 'x' }, false],
    ['a<5', { a: '-9223372036854775808' }, true],
    ['a=b,c!=d', { a: 'b', c: 'e' }, true],
    [' x in ( a , b ) , y ', { x: 'a', y: '' }, true],
    ['in in (in)', { in: 'in' }, true],
    ['notin=in', { notin: 'in' }, true],
    ['a=constructor', { a: 'constructor' }, true],
    ['constructor', {}, false],
  ]
  for (const [text, labels, expected] of cases) {
    assert.equal(matches(text, labels), expected, `${text} on ${JSON.stringify(labels)}`)
  }
})

test('says what it did not understand', () => {
  const cases: [string, string][] = [
    ['a=b,', "found '', expected: identifier after ','"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a==(', "unable to parse requirement: found '(', expected: identifier"],
    [
      'a>b',
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ]
  for (const [text, message] of cases) {
    assert.throws(() => parseLabelSelector(text), { name: 'SelectorError', message }, text)
  }
  assert.throws(
    () => parseLabelSelector('-a=b'),
    /^SelectorError: unable to parse requirement: <nil>: Invalid value: "-a": name part must consist/,
  )
  assert.throws(
    () => parseLabelSelector('a=-'),
    /values\[0\]\[a\]: Invalid value: "-": a valid label must be/,
  )
})

test('writes itself so that it reads back the same', () => {
  const text = 'b in (y,x),a=1,!c,d>3,e,f notin (q)'
  const written = parseLabelSelector(text).toString()
  assert.equal(written, 'a=1,b in (x,y),!c,d>3,e,f notin (q)')
  assert.equal(parseLabelSelector(written).toString(), written)
  assert.equal(parseLabelSelector('a in (1)').exactMatch('a'), '1')
  assert.equal(parseLabelSelector('a in (1,2)').exactMatch('a'), undefined)
})

test('selectors inside objects', () => {
  assert.equal(fromStructured(undefined).matches({}), false)
  assert.equal(fromStructured({}).matches({ a: 'b' }), true)
  const structured = {
    matchLabels: { a: 'b' },
    matchExpressions: [{ key: 'c', operator: 'In', values: ['y', 'x'] }],
  }
  assert.equal(formatStructured(structured), 'a=b,c in (x,y)')
  assert.equal(formatStructured(undefined), '<none>')
  assert.equal(formatStructured({ matchExpressions: [{ key: 'c', operator: 'Gt' }] }), '<error>')
  assert.ok(fromMap({ a: 'b' }).matches({ a: 'b', c: 'd' }) && !fromMap({ a: 'b' }).matches({}))
  assert.ok(fromMap(undefined).empty)
  assert.deepEqual(toStructured(parseLabelSelector('a=b,!c,d in (e)')), {
    matchLabels: { a: 'b' },
    matchExpressions: [
      { key: 'c', operator: 'DoesNotExist' },
      { key: 'd', operator: 'In', values: ['e'] },
    ],
  })
})

const LABELS: Record<string, string>[] = [{}, { a: 'a' }, { a: '5', 'x/y': '' }]

test('any text either parses or is refused with a SelectorError', () => {
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % below
  }
  const parts = ['a', 'in', 'notin', ' ', '(', ')', ',', '=', '!', '<', '>', 'x/y', '-', '\t', 'é', '\0', '5']
  let parsed = 0
  for (let i = 0; i < 30_000; i++) {
    const text = Array.from({ length: random(14) }, () => parts[random(parts.length)]).join('')
    try {
      const selector = parseLabelSelector(text)
      parsed += 1
      const again = parseLabelSelector(selector.toString())
      for (const labels of LABELS) {
        assert.equal(again.matches(labels), selector.matches(labels), JSON.stringify(text))
      }
    } catch (error) {
      assert.ok(error instanceof SelectorError, `${JSON.stringify(text)}: ${error}`)
    }
  }
  assert.ok(parsed > 100)
})
