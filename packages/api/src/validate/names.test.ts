import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isConfigMapKey,
  isDNS1035Label,
  isDNS1123Label,
  isDNS1123Subdomain,
  isEnvVarName,
  isPathSegmentName,
  isPercent,
  isQualifiedName,
  isRelaxedEnvVarName,
  isValidLabelValue,
  isWildcardDNS1123Subdomain,
} from './names.ts'
import { isPortName, isPortNumber, isUserId } from './ports.ts'

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const QUALIFIED =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

test('accepts the names that Kubernetes accepts', () => {
  const valid: [(text: string) => string[], string[]][] = [
    [isDNS1123Label, ['a', '0a', 'a-b', 'x'.repeat(63)]],
    [isDNS1123Subdomain, ['a.b', 'a', '1.2.3.4', 'a-b.c-d']],
    [isDNS1035Label, ['a', 'a-1']],
    [isQualifiedName, ['a', 'a_b.c', 'example.com/MyName', '9/9']],
    [isValidLabelValue, ['', 'a', 'A_b.c-9']],
    [isWildcardDNS1123Subdomain, ['*.example.com']],
    [isEnvVarName, ['a.b', '_X', '-x']],
    [isRelaxedEnvVarName, ['1 a', 'a:b', '~']],
    [isConfigMapKey, ['a', '.x', 'a..b', '_']],
    [isPercent, ['0%', '150%']],
    [isPortName, ['http', 'a1-b', '1a']],
    [isPathSegmentName, ['system:x', 'a b']],
  ]
  for (const [rule, texts] of valid) for (const text of texts) assert.deepEqual(rule(text), [], text)
})

test('says what is wrong with a name in the words of Kubernetes', () => {
  assert.deepEqual(isDNS1123Label('A'), [LABEL])
  assert.deepEqual(isDNS1123Label('a.b'), ['must not contain dots'])
  assert.deepEqual(isDNS1123Label('x'.repeat(64)), ['must be no more than 63 characters'])
  assert.deepEqual(isDNS1123Subdomain('a_b'), [SUBDOMAIN])
  assert.deepEqual(isDNS1123Subdomain(''), [SUBDOMAIN])
  assert.deepEqual(isQualifiedName(''), ['name part must be non-empty', `name part ${QUALIFIED}`])
  assert.deepEqual(isQualifiedName('/a'), ['prefix part must be non-empty'])
  assert.deepEqual(isQualifiedName('A/a'), [`prefix part ${SUBDOMAIN}`])
  assert.deepEqual(isQualifiedName('a/b/c'), [
    `a qualified name ${QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ])
  assert.deepEqual(isRelaxedEnvVarName(''), ['environment variable name must be non-empty'])
  assert.equal(isRelaxedEnvVarName('a=b').length, 1)
  assert.deepEqual(isConfigMapKey('..'), ["must not be '..'"])
  assert.deepEqual(isConfigMapKey('..a'), ["must not start with '..'"])
  assert.deepEqual(isPathSegmentName('..'), ["may not be '..'"])
  assert.deepEqual(isPathSegmentName('a/b%c'), ["may not contain '/'", "may not contain '%'"])
})

test('counts bytes, not characters, against the limits', () => {
  assert.ok(isValidLabelValue('é'.repeat(32)).includes('must be no more than 63 characters'))
})

test('names and numbers of ports', () => {
  assert.deepEqual(isPortName(''), [
    'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'must contain at least one letter (a-z)',
  ])
  assert.deepEqual(isPortName('-a--b-'), [
    'must not contain consecutive hyphens',
    'must not begin or end with a hyphen',
  ])
  assert.deepEqual(isPortNumber(0), ['must be between 1 and 65535, inclusive'])
  assert.deepEqual(isUserId(-1), ['must be between 0 and 2147483647, inclusive'])
})

test('takes time linear in the length of a hostile name', () => {
  const time = (length: number): number => {
    const text = `${'a'.repeat(length)}!`
    const start = performance.now()
    for (let i = 0; i < 20; i++) {
      isDNS1123Subdomain(text)
      isQualifiedName(text)
      isValidLabelValue(text)
      isDNS1035Label(text)
    }
    return performance.now() - start
  }
  time(20_000)
  assert.ok(time(200_000) < 60 * time(20_000) + 50)
})
