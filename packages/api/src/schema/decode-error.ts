// What is wrong with a body, in the words of Go's JSON decoder, which users and tools know.

export class DecodeError extends Error {
  override name = 'DecodeError'
  /** What Go says of the same fault where it converts an object that is already parsed: a patched one. */
  readonly conversion: string

  constructor(message: string, options: { conversion?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.conversion = options.conversion ?? message
  }
}

/** What Go would have made of the value. */
export type GoKind = 'struct' | 'slice' | 'map' | 'string' | 'bool' | 'int32' | 'int64' | 'float64'

/** Where the decoder is: names, list indexes, and map keys (marked, because Go's errors leave those out). */
export type PathPart = string | number | { key: string }

/** `spec.containers[0].name`, as strict decoding names an unknown field. */
export function strictPath(path: readonly PathPart[], field: string): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else text = join(text, typeof part === 'string' ? part : part.key)
  }
  return join(text, field)
}

/** `structs`: Go names of the structs around the place, outermost first; Go names the innermost, then the whole path. */
export function typeError(of: {
  /** `string`, `object`, `number 1.5`... */
  value: string
  goType: string
  goKind: GoKind
  structs: readonly string[]
  path: readonly PathPart[]
}): DecodeError {
  const names = of.path.filter((part) => typeof part === 'string')
  const struct = of.structs.at(-1)
  const place =
    struct === undefined || names.length === 0
      ? 'value'
      : `struct field ${struct.slice(struct.lastIndexOf('.') + 1)}.${names.join('.')}`
  return new DecodeError(`json: cannot unmarshal ${of.value} into Go ${place} of type ${of.goType}`, {
    conversion: conversionError(of),
  })
}

function conversionError({
  value,
  goKind,
  goType,
}: {
  value: string
  goKind: GoKind
  goType: string
}): string {
  const from = reflectKind(value)
  if (goKind === 'struct') return `cannot restore struct from: ${from}`
  if (goKind === 'slice' || goKind === 'map') return `cannot restore ${goKind} from ${from}`
  const isNumber = from === 'int64' || from === 'float64'
  const convertible = goKind === 'string' ? from === 'int64' : goKind !== 'bool' && isNumber
  return convertible ? `cannot convert ${from} to ${goType}` : `unrecognized type: ${goKind}`
}

function reflectKind(value: string): string {
  if (value === 'object') return 'map'
  if (value === 'array') return 'slice'
  if (!value.startsWith('number')) return value
  return /[.eE]/.test(value.slice('number'.length)) ? 'float64' : 'int64'
}

/** What Go calls a JSON value in its errors; a number's text is added where the range or form is at fault. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'number':
    case 'bigint':
      return 'number'
    default:
      return value === null ? 'null' : 'object'
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
