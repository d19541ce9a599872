// YAML as sigs.k8s.io/yaml writes it, byte for byte: keys in natural order, lists not indented below their key, strings
// plain where that is safe, folded at 80 columns.

import { readsAsString } from './yaml-scalar.ts'
import { analyze, doubleQuoted, literal, plain, singleQuoted } from './yaml-text.ts'

const MAX_SIMPLE_KEY_BYTES = 128

/** `value` is plain JSON (bigint included); undefined properties are left out. */
export function emitYaml(value: unknown): string {
  const out = new Output()
  emitNode(out, value, { indent: -1, inMapping: false })
  return out.text === '' || !out.atLineStart ? `${out.text}\n` : out.text
}

interface Place {
  /** Columns of the enclosing collection; -1 at the root. */
  indent: number
  inMapping: boolean
}

/** The text so far. The last line is kept apart: looking at the end of the whole, again and again, is quadratic. */
class Output {
  #before = ''
  #line = ''

  put(text: string): void {
    const end = text.lastIndexOf('\n') + 1
    if (end === 0) {
      this.#line += text
      return
    }
    this.#before += this.#line + text.slice(0, end)
    this.#line = text.slice(end)
  }

  get text(): string {
    return this.#before + this.#line
  }

  /** Characters of the last line: folding counts them. */
  get column(): number {
    return [...this.#line].length
  }

  get atLineStart(): boolean {
    return this.#line === ''
  }

  get endsWithSpace(): boolean {
    return this.#line.endsWith(' ')
  }
}

function emitNode(out: Output, value: unknown, place: Place): void {
  if (Array.isArray(value)) emitSequence(out, value, place)
  else if (typeof value === 'object' && value !== null)
    emitMapping(out, value as Record<string, unknown>, place)
  else emitScalar(out, value, { indent: place.indent, simpleKey: false })
}

function emitSequence(out: Output, items: unknown[], place: Place): void {
  if (items.length === 0) {
    space(out)
    out.put('[]')
    return
  }
  const indent = place.inMapping ? place.indent : place.indent < 0 ? 0 : place.indent + 2
  for (const [i, item] of items.entries()) {
    startLine(out, indent, i === 0 && !place.inMapping)
    out.put('-')
    emitNode(out, item ?? null, { indent, inMapping: false })
  }
}

function emitMapping(out: Output, object: Record<string, unknown>, place: Place): void {
  const keys = Object.keys(object).filter((key) => object[key] !== undefined)
  if (keys.length === 0) {
    space(out)
    out.put('{}')
    return
  }
  const indent = place.indent < 0 ? 0 : place.indent + 2
  for (const [i, key] of keys.sort(compareKeys).entries()) {
    startLine(out, indent, i === 0 && !place.inMapping)
    if (Buffer.byteLength(key) > MAX_SIMPLE_KEY_BYTES || key.includes('\n')) {
      out.put('?')
      emitScalar(out, key, { indent, simpleKey: false })
      startLine(out, indent, false)
      out.put(':')
    } else {
      emitScalar(out, key, { indent, simpleKey: true })
      out.put(':')
    }
    emitNode(out, object[key], { indent, inMapping: true })
  }
}

/** Goes to the place of an item or key; the first one after a dash stays on the dash's line. */
function startLine(out: Output, indent: number, inline: boolean): void {
  if (inline) {
    if (!out.atLineStart) space(out)
    return
  }
  if (!out.atLineStart) out.put('\n')
  out.put(' '.repeat(indent))
}

function space(out: Output): void {
  if (!out.atLineStart && !out.endsWithSpace) out.put(' ')
}

function emitScalar(out: Output, value: unknown, at: { indent: number; simpleKey: boolean }): void {
  if (!at.simpleKey) space(out)
  if (typeof value !== 'string') {
    out.put(formatScalar(value))
    return
  }
  const indent = at.indent < 0 ? 2 : at.indent + 2
  const shape = { indent, column: out.column, fold: !at.simpleKey }
  const allowed = analyze(value)
  if (value.includes('\n') && allowed.block && !at.simpleKey) out.put(literal(value, indent))
  else if (value.includes('\n') || !readsAsString(value)) out.put(doubleQuoted(value, shape))
  else if (allowed.plain) out.put(plain(value, shape))
  else out.put(allowed.singleQuoted ? singleQuoted(value, shape) : doubleQuoted(value, shape))
}

function formatScalar(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return formatFloat(value)
  if (typeof value === 'number' && Math.abs(value) >= 1e21) return formatFloat(value)
  return value === null || value === undefined ? 'null' : String(value)
}

/** Go's shortest %g: an exponent of two digits at least, from 1e-05 down and from 1e+06 up. */
function formatFloat(value: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(value)
  const sign = power < 0 ? '-' : '+'
  return `${mantissa}e${sign}${String(Math.abs(power)).padStart(2, '0')}`
}

/** go-yaml's order: letters after everything else, runs of digits by their number. */
export function compareKeys(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] === right[i]) continue
    return compareFrom(left, right, i)
  }
  return left.length - right.length
}

function compareFrom(left: string[], right: string[], at: number): number {
  const leftLetter = /\p{L}/u.test(left[at]!)
  const rightLetter = /\p{L}/u.test(right[at]!)
  const byCode = left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)!
  if (leftLetter && rightLetter) return byCode
  if (leftLetter || rightLetter) return rightLetter ? -1 : 1
  // Inside one number, zeros count as digits of what came before.
  let lead = 0n
  if (left[at] === '0' || right[at] === '0') {
    for (let i = at - 1; i >= 0 && isDigit(left[i]); i--) {
      if (left[i] !== '0') {
        lead = 1n
        break
      }
    }
  }
  const leftRun = digitRun(left, at)
  const rightRun = digitRun(right, at)
  const leftNumber = BigInt(`${lead}${leftRun}`)
  const rightNumber = BigInt(`${lead}${rightRun}`)
  if (leftNumber !== rightNumber) return leftNumber < rightNumber ? -1 : 1
  return leftRun.length - rightRun.length || byCode
}

function digitRun(characters: string[], from: number): string {
  let run = ''
  for (let i = from; isDigit(characters[i]); i++) run += characters[i]
  return run
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9' && character.length === 1
}
