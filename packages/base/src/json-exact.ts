// The exact JSON parser behind parseJson: slower than JSON.parse, but it sees duplicate keys and long integers, and its
// errors carry an offset and Go's wording.

import { JsonError, MAX_JSON_DEPTH } from './json-error.ts'

export interface ParsedJson {
  value: unknown
  /** Paths such as `spec.replicas` or `spec.containers[0].name`, in the order they were met, at most 100. */
  duplicateKeys: string[]
}

const MAX_DUPLICATES = 100
/** An integer of more digits is read as a float, as Go reads what is beyond int64. */
const MAX_INTEGER_DIGITS = 40

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
const SPACE = /[ \t\n\r]*/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

interface State {
  text: string
  at: number
  path: (string | number)[]
  duplicates: string[]
}

/** As parseJson, without its fast path. */
export function parseExact(text: string): ParsedJson {
  const state: State = { text, at: 0, path: [], duplicates: [] }
  skipSpace(state)
  const value = parseValue(state, 0)
  skipSpace(state)
  if (state.at < text.length) throw unexpected(state, 'after top-level value')
  return { value, duplicateKeys: state.duplicates }
}

function parseValue(state: State, depth: number): unknown {
  if (depth > MAX_JSON_DEPTH) throw new JsonError('exceeded max depth', state.at)
  const c = state.text[state.at]
  if (c === '{') return parseObject(state, depth)
  if (c === '[') return parseArray(state, depth)
  if (c === '"') return parseString(state)
  if (c === 't') return parseWord(state, 'true', true)
  if (c === 'f') return parseWord(state, 'false', false)
  if (c === 'n') return parseWord(state, 'null', null)
  return parseNumber(state)
}

function parseObject(state: State, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  state.at++
  skipSpace(state)
  if (state.text[state.at] === '}') {
    state.at++
    return object
  }
  for (;;) {
    if (state.text[state.at] !== '"') throw unexpected(state, 'looking for beginning of object key string')
    const key = parseString(state)
    skipSpace(state)
    if (state.text[state.at] !== ':') throw unexpected(state, 'after object key')
    state.at++
    skipSpace(state)
    state.path.push(key)
    if (Object.hasOwn(object, key) && state.duplicates.length < MAX_DUPLICATES) {
      const path = showPath(state.path)
      if (!state.duplicates.includes(path)) state.duplicates.push(path)
    }
    const value = parseValue(state, depth + 1)
    state.path.pop()
    if (key === '__proto__') {
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
    } else {
      object[key] = value
    }
    skipSpace(state)
    const next = state.text[state.at]
    if (next !== ',' && next !== '}') throw unexpected(state, 'after object key:value pair')
    state.at++
    if (next === '}') return object
    skipSpace(state)
  }
}

function parseArray(state: State, depth: number): unknown[] {
  const items: unknown[] = []
  state.at++
  skipSpace(state)
  if (state.text[state.at] === ']') {
    state.at++
    return items
  }
  for (;;) {
    state.path.push(items.length)
    items.push(parseValue(state, depth + 1))
    state.path.pop()
    skipSpace(state)
    const next = state.text[state.at]
    if (next !== ',' && next !== ']') throw unexpected(state, 'after array element')
    state.at++
    if (next === ']') return items
    skipSpace(state)
  }
}

function parseString(state: State): string {
  const { text } = state
  let result = ''
  let from = ++state.at
  for (; ; state.at++) {
    const c = text.charCodeAt(state.at)
    if (Number.isNaN(c)) throw unexpected(state, '')
    if (c < 0x20) throw unexpected(state, 'in string literal')
    if (c === 0x22) {
      result += text.slice(from, state.at++)
      return result
    }
    if (c === 0x5c) {
      result += text.slice(from, state.at++) + parseEscape(state)
      from = state.at + 1
    }
  }
}

/** The character after the backslash is current; the escape's last one is when this returns. */
function parseEscape(state: State): string {
  const c = state.text[state.at]
  const plain = c === undefined ? undefined : ESCAPES[c]
  if (plain !== undefined) return plain
  if (c !== 'u') throw unexpected(state, 'in string escape code')
  const digits = state.text.slice(state.at + 1, state.at + 5)
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
    state.at++
    throw unexpected(state, 'in \\u hexadecimal character escape')
  }
  state.at += 4
  return String.fromCharCode(Number.parseInt(digits, 16))
}

function parseWord<T>(state: State, word: string, value: T): T {
  if (!state.text.startsWith(word, state.at)) {
    const at = state.at
    while (state.text[state.at] === word[state.at - at]) state.at++
    throw unexpected(state, `in literal ${word} (expecting '${word[state.at - at]}')`)
  }
  state.at += word.length
  return value
}

function parseNumber(state: State): number | bigint {
  NUMBER.lastIndex = state.at
  const match = NUMBER.exec(state.text)
  if (match === null) {
    if (state.text[state.at] === '-') {
      state.at++
      throw unexpected(state, 'in numeric literal')
    }
    throw unexpected(state, 'looking for beginning of value')
  }
  const [literal, fraction, exponent] = match
  const value = Number(literal)
  if (!Number.isFinite(value)) throw new JsonError(`number ${literal.slice(0, 40)} is out of range`, state.at)
  state.at += literal.length
  const integer = fraction === undefined && exponent === undefined
  if (!integer || Number.isSafeInteger(value) || literal.length > MAX_INTEGER_DIGITS) return value
  return BigInt(literal)
}

function skipSpace(state: State): void {
  SPACE.lastIndex = state.at
  SPACE.test(state.text)
  state.at = SPACE.lastIndex
}

function unexpected(state: State, where: string): JsonError {
  const code = state.text.codePointAt(state.at)
  if (code === undefined) return new JsonError('unexpected end of JSON input', state.at)
  const shown = code === 0x27 ? "'\\''" : code === 0x22 ? `'"'` : `'${escapeControl(code)}'`
  return new JsonError(`invalid character ${shown} ${where}`, state.at)
}

function escapeControl(code: number): string {
  if (code >= 0x20 && code !== 0x7f) return code === 0x5c ? '\\\\' : String.fromCodePoint(code)
  return JSON.stringify(String.fromCodePoint(code)).slice(1, -1)
}

function showPath(path: readonly (string | number)[]): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else text += text === '' ? part : `.${part}`
  }
  return text
}
