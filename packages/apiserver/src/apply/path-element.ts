// One step of a field path, as FieldsV1 writes it: `f:name` a member, `k:{"name":"a"}` a list item by its keys,
// `v:"x"` an item of a set, `i:0` an item by index.

const FIELD = 0x66
const KEY = 0x6b
const VALUE = 0x76
const INDEX = 0x69

/** Go's encoder escapes these in text. */
const HTML = /[<>&\u2028\u2029]/g
const PLAIN_TEXT = /^[\w .:/@+-]*$/
const NUMBER_TEXT = /^-?(0|[1-9][0-9]*)$/

/** A scalar's JSON as Go writes it. */
export function scalarJson(value: unknown): string {
  if (typeof value === 'string') {
    if (PLAIN_TEXT.test(value)) return `"${value}"`
    return JSON.stringify(value).replace(HTML, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  }
  if (typeof value === 'bigint') return String(value)
  return JSON.stringify(value) ?? 'null'
}

export function fieldElement(name: string): string {
  return `f:${name}`
}

export function valueElement(value: unknown): string {
  return `v:${scalarJson(value)}`
}

/**
 * The element in the one form that equal elements share, undefined for a kind of element that is not known, null when
 * it is malformed.
 */
export function canonicalElement(text: string): string | undefined | null {
  if (text.length < 2 || text.charCodeAt(1) !== 0x3a) return null
  switch (text.charCodeAt(0)) {
    case FIELD:
      return text
    case INDEX:
      return NUMBER_TEXT.test(text.slice(2)) ? text : null
    case VALUE: {
      const value = parseScalar(text.slice(2))
      return value === undefined ? null : valueElement(value)
    }
    case KEY: {
      const keys = parseKeys(text.slice(2))
      return keys === undefined
        ? null
        : `k:{${keys.map(([n, v]) => `${scalarJson(n)}:${scalarJson(v)}`).join()}}`
    }
    default:
      return undefined
  }
}

/** The order of elements in FieldsV1: members, items by key, items by value, items by index. */
export function compareElements(a: string, b: string): number {
  if (a === b) return 0
  const kind = a.charCodeAt(0)
  const other = b.charCodeAt(0)
  if (kind !== other) return rank(kind) - rank(other)
  if (kind === FIELD) return a < b ? -1 : 1
  if (kind === INDEX) return Number(a.slice(2)) - Number(b.slice(2))
  if (kind === VALUE) return compareScalars(parseScalar(a.slice(2)), parseScalar(b.slice(2)))
  return comparePlainKeys(a, b) ?? compareKeys(parseKeys(a.slice(2)) ?? [], parseKeys(b.slice(2)) ?? [])
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** `k:{"` */
const KEY_START = 4

/** Most keys are one plain text, such as a name: those of the same name are in the order of their texts. */
function comparePlainKeys(a: string, b: string): number | undefined {
  const start = plainValueStart(a)
  if (start < 0 || plainValueStart(b) !== start) return undefined
  for (let i = KEY_START; i < start; i++) if (a.charCodeAt(i) !== b.charCodeAt(i)) return undefined
  return a < b ? -1 : 1
}

/**
 * Where the value of `k:{"name":"value"}` starts; -1 where there are further keys, or characters of which escaping or
 * the closing quote could spoil the order of the texts.
 */
function plainValueStart(element: string): number {
  const end = element.length - 2
  const start = element.indexOf('":"', KEY_START) + 3
  if (start < 3 || end < start || element.charCodeAt(end) !== QUOTE) return -1
  for (let i = start; i < end; i++) {
    const code = element.charCodeAt(i)
    if (code <= QUOTE || code === BACKSLASH) return -1
  }
  return start
}

/** As messages show it: `.name`, `[name="a",port=80]`, `[="x"]`, `[0]`. */
export function describeElement(element: string): string {
  const rest = element.slice(2)
  switch (element.charCodeAt(0)) {
    case FIELD:
      return `.${rest}`
    case KEY:
      return `[${(parseKeys(rest) ?? []).map(([name, value]) => `${name}=${describeScalar(value)}`).join()}]`
    case VALUE:
      return `[=${describeScalar(parseScalar(rest))}]`
    default:
      return `[${rest}]`
  }
}

function describeScalar(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function rank(kind: number): number {
  if (kind === 0x2e) return 0
  return kind === FIELD ? 1 : kind === KEY ? 2 : kind === VALUE ? 3 : 4
}

/** undefined when the text is no JSON. Integers outside the safe range become bigint. */
function parseScalar(text: string): unknown {
  if (text.length > 15 && NUMBER_TEXT.test(text)) return BigInt(text)
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseKeys(text: string): [string, unknown][] | undefined {
  const keys = parseScalar(text)
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) return undefined
  return Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

function compareKeys(a: [string, unknown][], b: [string, unknown][]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [name, value] = a[i]!
    const [otherName, otherValue] = b[i]!
    if (name !== otherName) return name < otherName ? -1 : 1
    const order = compareScalars(value, otherValue)
    if (order !== 0) return order
  }
  return a.length - b.length
}

const SCALAR_ORDER = ['number', 'string', 'boolean']

function compareScalars(a: unknown, b: unknown): number {
  const kind = typeof a === 'bigint' ? 'number' : typeof a
  const other = typeof b === 'bigint' ? 'number' : typeof b
  if (kind !== other) return SCALAR_ORDER.indexOf(kind) - SCALAR_ORDER.indexOf(other)
  if (a === b) return 0
  return (a as string) < (b as string) ? -1 : 1
}
