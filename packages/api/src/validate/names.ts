// Name formats of the Kubernetes API. Each function returns what is wrong with the text, worded as
// k8s.io/apimachinery/pkg/util/validation 1.32 words it; an empty list means valid. All patterns are linear in time.

import { byteLength } from './json.ts'

const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const LABEL_VALUE = `(${QUALIFIED})?`
const LABEL_1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const LABEL_1123_UNDERSCORE = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL_1123}(\\.${LABEL_1123})*`
const SUBDOMAIN_UNDERSCORE = `${LABEL_1123_UNDERSCORE}(\\.${LABEL_1123_UNDERSCORE})*`
const WILDCARD = `\\*\\.${SUBDOMAIN}`
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const PERCENT = '[0-9]+%'
const HEADER = '[-A-Za-z0-9]+'
const ENV_NAME = '[-._a-zA-Z][-._a-zA-Z0-9]*'
const CONFIG_KEY = '[-._a-zA-Z0-9]+'

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`)
const qualifiedPattern = whole(QUALIFIED)
const labelValuePattern = whole(LABEL_VALUE)
const label1123Pattern = whole(LABEL_1123)
const subdomainPattern = whole(SUBDOMAIN)
const subdomainUnderscorePattern = whole(SUBDOMAIN_UNDERSCORE)
const wildcardPattern = whole(WILDCARD)
const label1035Pattern = whole(LABEL_1035)
const percentPattern = whole(PERCENT)
const headerPattern = whole(HEADER)
const envNamePattern = whole(ENV_NAME)
const configKeyPattern = whole(CONFIG_KEY)

/** Length in bytes of the longest DNS subdomain. */
export const MAX_SUBDOMAIN_LENGTH = 253
export const MAX_LABEL_LENGTH = 63

export const maxLengthMessage = (length: number): string => `must be no more than ${length} characters`
export const rangeMessage = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`

/** The wording of every "does not match the pattern" message; examples are shown in order. */
export function patternMessage(what: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${what} (regex used for validation is '${pattern}')`
  const shown = examples.map((e) => `'${e}', `).join(' or ')
  return `${what} (e.g. ${shown}regex used for validation is '${pattern}')`
}

const QUALIFIED_MESSAGE = patternMessage(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  QUALIFIED,
  'MyName',
  'my.name',
  '123-abc',
)

/** `name` or `prefix/name`: keys of labels and annotations, finalizers, condition types. */
export function isQualifiedName(text: string): string[] {
  const parts = text.split('/')
  if (parts.length > 2) {
    return [
      `a qualified name ${QUALIFIED_MESSAGE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const errors: string[] = []
  const name = parts[parts.length - 1]!
  if (parts.length === 2) {
    if (parts[0] === '') errors.push('prefix part must be non-empty')
    else for (const message of isDNS1123Subdomain(parts[0]!)) errors.push(`prefix part ${message}`)
  }
  if (name === '') errors.push('name part must be non-empty')
  else if (byteLength(name) > 63) errors.push(`name part ${maxLengthMessage(63)}`)
  if (!qualifiedPattern.test(name)) errors.push(`name part ${QUALIFIED_MESSAGE}`)
  return errors
}

export function isValidLabelValue(text: string): string[] {
  return check(text, 63, labelValuePattern, () =>
    patternMessage(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      LABEL_VALUE,
      'MyValue',
      'my_value',
      '12345',
    ),
  )
}

export function isDNS1123Label(text: string): string[] {
  return check(text, MAX_LABEL_LENGTH, label1123Pattern, () => {
    if (subdomainPattern.test(text)) return 'must not contain dots'
    return patternMessage(
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
      LABEL_1123,
      'my-name',
      '123-abc',
    )
  })
}

export function isDNS1123Subdomain(text: string): string[] {
  return check(text, MAX_SUBDOMAIN_LENGTH, subdomainPattern, () =>
    patternMessage(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      SUBDOMAIN,
      'example.com',
    ),
  )
}

export function isDNS1123SubdomainWithUnderscore(text: string): string[] {
  return check(text, MAX_SUBDOMAIN_LENGTH, subdomainUnderscorePattern, () =>
    patternMessage(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
      SUBDOMAIN,
      'example.com',
    ),
  )
}

export function isWildcardDNS1123Subdomain(text: string): string[] {
  return check(text, MAX_SUBDOMAIN_LENGTH, wildcardPattern, () =>
    patternMessage(
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
      WILDCARD,
      '*.example.com',
    ),
  )
}

export function isDNS1035Label(text: string): string[] {
  return check(text, MAX_LABEL_LENGTH, label1035Pattern, () =>
    patternMessage(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
      LABEL_1035,
      'my-name',
      'abc-123',
    ),
  )
}

export function isPercent(text: string): string[] {
  return check(text, undefined, percentPattern, () =>
    patternMessage(
      "a valid percent string must be a numeric string followed by an ending '%'",
      PERCENT,
      '1%',
      '93%',
    ),
  )
}

export function isHTTPHeaderName(text: string): string[] {
  return check(text, undefined, headerPattern, () =>
    patternMessage(
      "a valid HTTP header must consist of alphanumeric characters or '-'",
      HEADER,
      'X-Header-Name',
    ),
  )
}

export function isEnvVarName(text: string): string[] {
  const errors = check(text, undefined, envNamePattern, () =>
    patternMessage(
      "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
      ENV_NAME,
      'my.env-name',
      'MY_ENV.NAME',
      'MyEnvName1',
    ),
  )
  return errors.concat(dotPrefix(text))
}

/** What environment variables may be called since 1.32 (KEP-4369, on by default). */
export function isRelaxedEnvVarName(text: string): string[] {
  const errors: string[] = []
  if (text === '') errors.push('environment variable name must be non-empty')
  if (!/^[\x20-\x3c\x3e-\x7e]*$/.test(text)) {
    errors.push(
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
    )
  }
  return errors
}

/** Keys of ConfigMaps and Secrets. */
export function isConfigMapKey(text: string): string[] {
  const errors = check(text, MAX_SUBDOMAIN_LENGTH, configKeyPattern, () =>
    patternMessage(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
      CONFIG_KEY,
      'key.name',
      'KEY_NAME',
      'key-name',
    ),
  )
  return errors.concat(dotPrefix(text))
}

/** A name that may be a path segment of a URL: RBAC roles, CSI drivers... */
export function isPathSegmentName(text: string): string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`]
  return ['/', '%'].filter((c) => text.includes(c)).map((c) => `may not contain '${c}'`)
}

function check(text: string, max: number | undefined, pattern: RegExp, message: () => string): string[] {
  const fits = max === undefined || text.length <= max
  if (fits && pattern.test(text)) return []
  const errors: string[] = []
  if (max !== undefined && byteLength(text) > max) errors.push(maxLengthMessage(max))
  if (!pattern.test(text)) errors.push(message())
  return errors
}

function dotPrefix(text: string): string[] {
  if (text === '.' || text === '..') return [`must not be '${text}'`]
  return text.startsWith('..') ? ["must not start with '..'"] : []
}
