// The text of a JSONPath as a list of steps.

import type { Comparison } from './json-path-compare.ts'

const MAX_PATH_LENGTH = 4096
const MAX_PATH_NODES = 256

export type PathNode =
  | { kind: 'field'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'slice'; start?: number; end?: number; step: number }
  | { kind: 'wildcard' }
  | { kind: 'recursive' }
  | { kind: 'union'; alternatives: PathNode[] }
  | { kind: 'filter'; left: Operand; operator: Comparison | 'exists'; right?: Operand }

export type Operand = { kind: 'path'; nodes: PathNode[] } | { kind: 'literal'; value: unknown }

export interface JsonPath {
  readonly nodes: readonly PathNode[]
}

/** The path without the enclosing braces, e.g. `.status.conditions[?(@.type=="Ready")].status`; undefined: not one. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (text.length > MAX_PATH_LENGTH) return undefined
  const parser = new Parser(text)
  const nodes = parser.path()
  if (nodes === undefined || !parser.done || nodes.length > MAX_PATH_NODES) return undefined
  return { nodes }
}

const NAME_END = new Set([...' \t\r\n.[](){},<>=!|&"\''])
const OPERATORS: (Comparison | 'exists')[] = ['==', '!=', '<=', '>=', '<', '>']

/** Recursive descent over the text; a method returns undefined where the text is no path. */
class Parser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  get done(): boolean {
    return this.#at >= this.#text.length
  }

  path(): PathNode[] | undefined {
    const nodes: PathNode[] = []
    if (this.#peek() === '$' || this.#peek() === '@') this.#at++
    for (;;) {
      const next = this.#peek()
      if (next === '.') {
        this.#at++
        if (this.#peek() === '.') {
          this.#at++
          nodes.push({ kind: 'recursive' })
          if (this.#peek() === '[') continue
        } else if (this.#peek() === '[') continue
        if (this.#peek() === '*') {
          this.#at++
          nodes.push({ kind: 'wildcard' })
          continue
        }
        const name = this.#name()
        if (name === '') return nodes.length === 0 && this.done ? nodes : undefined
        nodes.push({ kind: 'field', name })
      } else if (next === '[') {
        const node = this.#bracket()
        if (node === undefined) return undefined
        nodes.push(node)
      } else return nodes
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #space(): void {
    while (this.#peek() === ' ' || this.#peek() === '\t') this.#at++
  }

  /** A bare name; a backslash takes the next character as it is. */
  #name(): string {
    let name = ''
    while (!this.done) {
      const next = this.#peek()
      if (next === '\\') {
        name += this.#text[this.#at + 1] ?? ''
        this.#at += 2
        continue
      }
      if (NAME_END.has(next)) break
      name += next
      this.#at++
    }
    return name
  }

  #bracket(): PathNode | undefined {
    this.#at++
    this.#space()
    if (this.#take('?(')) return this.#filter()
    const alternatives: PathNode[] = []
    do {
      this.#space()
      const node = this.#alternative()
      if (node === undefined || alternatives.length >= MAX_PATH_NODES) return undefined
      alternatives.push(node)
      this.#space()
    } while (this.#take(','))
    if (!this.#take(']')) return undefined
    return alternatives.length === 1 ? alternatives[0] : { kind: 'union', alternatives }
  }

  #alternative(): PathNode | undefined {
    if (this.#take('*')) return { kind: 'wildcard' }
    const quote = this.#peek()
    if (quote === "'" || quote === '"') {
      const name = this.#quoted()
      return name === undefined ? undefined : { kind: 'field', name }
    }
    const match = /^(-?\d+)?(?:(:)(-?\d+)?(?::(\d+)?)?)?/.exec(this.#text.slice(this.#at, this.#at + 64))!
    if (match[0] === '') return undefined
    this.#at += match[0].length
    const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))
    if (match[2] === undefined) return { kind: 'index', index: Number(match[1]) }
    const [start, end, step] = [number(match[1]), number(match[3]), number(match[4]) ?? 1]
    if (step < 1) return undefined
    return {
      kind: 'slice',
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      step,
    }
  }

  #quoted(): string | undefined {
    const quote = this.#peek()
    let text = ''
    for (this.#at++; !this.done; this.#at++) {
      const next = this.#peek()
      if (next === quote) {
        this.#at++
        return text
      }
      if (next === '\\') this.#at++
      text += this.#peek()
    }
    return undefined
  }

  #filter(): PathNode | undefined {
    if (++this.#depth > 8) return undefined
    this.#space()
    const left = this.#operand()
    if (left === undefined) return undefined
    this.#space()
    const operator = OPERATORS.find((o) => this.#take(o)) ?? 'exists'
    this.#space()
    const right = operator === 'exists' ? undefined : this.#operand()
    if (operator !== 'exists' && right === undefined) return undefined
    this.#space()
    this.#depth--
    if (!this.#take(')]')) return undefined
    return { kind: 'filter', left, operator, ...(right === undefined ? {} : { right }) }
  }

  #operand(): Operand | undefined {
    const next = this.#peek()
    if (next === '@' || next === '.' || next === '$') {
      const nodes = this.path()
      return nodes === undefined ? undefined : { kind: 'path', nodes }
    }
    if (next === "'" || next === '"') {
      const value = this.#quoted()
      return value === undefined ? undefined : { kind: 'literal', value }
    }
    const word = /^(?:true|false|-?\d+(?:\.\d+)?)/.exec(this.#text.slice(this.#at, this.#at + 32))?.[0]
    if (word === undefined) return undefined
    this.#at += word.length
    return { kind: 'literal', value: word === 'true' ? true : word === 'false' ? false : Number(word) }
  }
}
