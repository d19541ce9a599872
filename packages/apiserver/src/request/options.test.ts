import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@brume/base/errors'
import { seededRandom } from '@brume/base/seeded-random'
import { parseListOptions, parseWriteOptions } from './options.ts'

/** `fine`, or the reason with its fields. */
function judged(parse: () => unknown): string {
  try {
    parse()
    return 'fine'
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error))
    const fields = (error.details?.causes ?? []).map(({ field }) => field)
    return [error.reason, ...fields].join(' ')
  }
}

const list = (query: string) => judged(() => parseListOptions(new URLSearchParams(query), 'list'))
const watch = (query: string) => judged(() => parseListOptions(new URLSearchParams(query), 'watch'))
const write = (query: string) =>
  judged(() =>
    parseWriteOptions(new URLSearchParams(query), { optionsKind: 'CreateOptions', userAgent: undefined }),
  )

test('a match of versions needs a version, and one that makes sense', () => {
  assert.equal(list('resourceVersionMatch=Exact&resourceVersion=5'), 'fine')
  assert.equal(list('resourceVersionMatch=NotOlderThan&resourceVersion=0'), 'fine')
  assert.equal(list('resourceVersionMatch=Exact'), 'Invalid resourceVersionMatch')
  assert.equal(list('resourceVersionMatch=Exact&resourceVersion=0'), 'Invalid resourceVersionMatch')
  assert.equal(list('resourceVersionMatch=exact&resourceVersion=5'), 'Invalid resourceVersionMatch')
  assert.equal(
    list('resourceVersionMatch=Exact&resourceVersion=5&continue=x'),
    'Invalid resourceVersionMatch',
  )
  assert.equal(watch('resourceVersionMatch=NotOlderThan&resourceVersion=5'), 'Invalid resourceVersionMatch')
})

test('initial events are for watches, and need the match that says what they are', () => {
  assert.equal(watch('sendInitialEvents=true&resourceVersionMatch=NotOlderThan'), 'fine')
  assert.equal(watch('sendInitialEvents=true'), 'Invalid resourceVersionMatch')
  assert.equal(watch('sendInitialEvents=true&resourceVersionMatch=Exact'), 'Invalid resourceVersionMatch')
  assert.equal(list('sendInitialEvents=true'), 'Invalid sendInitialEvents')
})

test('numbers are numbers', () => {
  for (const name of ['limit', 'timeoutSeconds']) {
    assert.equal(list(`${name}=5`), 'fine')
    assert.equal(list(`${name}=-1`), 'fine')
    assert.equal(list(`${name}=`), 'fine')
    for (const text of ['x', '1.5', '1e3', '99999999999999999999', '0x1', ' 1']) {
      assert.equal(list(`${name}=${encodeURIComponent(text)}`), 'BadRequest', `${name}=${text}`)
    }
  }
  for (const text of ['x', '-1', '1.5', '0x1']) {
    assert.equal(list(`resourceVersion=${text}`), 'Invalid resourceVersion', text)
  }
})

test('who writes has a printable name of bearable length', () => {
  assert.equal(write(`fieldManager=${'x'.repeat(128)}`), 'fine')
  assert.equal(write(`fieldManager=${'x'.repeat(129)}`), 'Invalid fieldManager')
  assert.equal(write('fieldManager=a%00b'), 'Invalid fieldManager')
  assert.equal(write('dryRun=All&dryRun=None'), 'Invalid dryRun')
  assert.equal(write('fieldValidation=strict'), 'Invalid fieldValidation')
  for (const [userAgent, manager] of [
    ['kubectl/v1.32 (linux/amd64)', 'kubectl'],
    ['', 'unknown'],
    ['\u0000/x', 'unknown'],
    ['x'.repeat(1_000), 'x'.repeat(128)],
  ] as const) {
    const options = parseWriteOptions(new URLSearchParams(), { optionsKind: 'UpdateOptions', userAgent })
    assert.equal(options.fieldManager, manager)
  }
})

test('any query is options or a Status', () => {
  const random = seededRandom(3)
  const names = [
    'limit',
    'continue',
    'resourceVersion',
    'resourceVersionMatch',
    'sendInitialEvents',
    'watch',
    'dryRun',
    'force',
    'includeObject',
    '__proto__',
  ]
  const values = ['', '0', '1', '-1', 'true', 'All', 'Exact', '\u0000', '\ud800', 'x'.repeat(10_000), '1e400']
  for (let i = 0; i < 3_000; i++) {
    const query = new URLSearchParams()
    for (let n = random.below(6); n > 0; n--) query.append(random.pick(names), random.pick(values))
    for (const parse of [list, watch, write]) parse(query.toString())
  }
})
