// What a plain YAML scalar means to sigs.k8s.io/yaml (YAML 1.1 as go-yaml v2 reads it): yes/no/on/off and y/n are
// booleans, 0777 is octal, 1_000 a number, a timestamp stays a string.

const BOOLEANS = new Map<string, boolean>(
  [
    { words: ['y', 'yes', 'true', 'on'], value: true },
    { words: ['n', 'no', 'false', 'off'], value: false },
  ].flatMap(({ words, value }) =>
    words.flatMap((word) =>
      [word, word.toUpperCase(), word[0]!.toUpperCase() + word.slice(1)].map(
        (text) => [text, value] as const,
      ),
    ),
  ),
)
const NULLS = new Set(['', '~', 'null', 'Null', 'NULL'])
const SPECIAL_FLOATS = new Map<string, number>(
  [
    { words: ['.nan', '.NaN', '.NAN'], value: Number.NaN },
    { words: ['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'], value: Number.POSITIVE_INFINITY },
    { words: ['-.inf', '-.Inf', '-.INF'], value: Number.NEGATIVE_INFINITY },
  ].flatMap(({ words, value }) => words.map((word) => [word, value] as const)),
)
const INTEGER = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const TIMESTAMP =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[ \t]*(?:Z|[+-][0-9]{1,2}(?::?[0-9]{2})?))?)?$/
const BASE_60_FLOAT = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const MAX_UINT64 = 2n ** 64n - 1n
const MIN_INT64 = -(2n ** 63n)
/** Longer digits are no integer for Go. */
const MAX_INTEGER_LENGTH = 80

/** The value of a plain scalar without a tag. Integers outside the safe range are bigint. */
export function resolvePlain(text: string): string | number | bigint | boolean | null {
  if (NULLS.has(text)) return null
  const boolean = BOOLEANS.get(text)
  if (boolean !== undefined) return boolean
  const float = SPECIAL_FLOATS.get(text)
  if (float !== undefined) return float
  if (!/^[-+.0-9]/.test(text) || TIMESTAMP.test(text)) return text
  const digits = text.replaceAll('_', '')
  return parseInteger(digits) ?? (FLOAT.test(digits) ? finite(digits, text) : text)
}

/** Whether go-yaml writes this string without quotes, as far as its meaning goes. */
export function readsAsString(text: string): boolean {
  return (
    typeof resolvePlain(text) === 'string' &&
    !TIMESTAMP.test(text) &&
    !BASE_60_FLOAT.test(text) &&
    text !== '<<'
  )
}

/** Within int64 or uint64, as Go's base-0 integers. */
export function parseInteger(digits: string): number | bigint | undefined {
  if (digits.length > MAX_INTEGER_LENGTH) return undefined
  const match = INTEGER.exec(digits)
  if (match === null) return undefined
  const [, sign, hex, binary, octal, decimal] = match
  const prefixed =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal!
  const magnitude = BigInt(prefixed)
  const value = sign === '-' ? -magnitude : magnitude
  if (value > MAX_UINT64 || value < MIN_INT64) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function finite(digits: string, text: string): number | string {
  const value = Number(digits)
  return Number.isFinite(value) ? value : text
}
