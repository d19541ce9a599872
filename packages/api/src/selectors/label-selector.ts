// Label selectors as clients write them in a query (`?labelSelector=`), as k8s.io/apimachinery/pkg/labels parses them.

import {
  type Labels,
  matchesRequirement,
  newRequirement,
  type Operator,
  type Requirement,
  requirementText,
  SelectorError,
} from './requirement.ts'
import { type Token, type TokenKind, tokenize } from './tokens.ts'

export interface LabelSelector {
  /** Sorted by key. */
  readonly requirements: readonly Requirement[]
  /** Selects everything. */
  readonly empty: boolean
  matches(labels: Labels): boolean
  /** Text that parses to the same selector. */
  toString(): string
  /** The one value that the label must have, when the selector says so. */
  exactMatch(key: string): string | undefined
}

const BINARY_OPERATORS = 'in, notin, =, ==, !=, gt, lt'
const OPERATORS: Partial<Record<TokenKind, Operator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
}

/** Throws SelectorError. Empty text selects everything. */
export function parseLabelSelector(text: string): LabelSelector {
  return labelSelectorOf(new Parser(tokenize(text)).parse())
}

export function labelSelectorOf(requirements: readonly Requirement[]): LabelSelector {
  const sorted = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return {
    requirements: sorted,
    empty: sorted.length === 0,
    matches: (labels) => sorted.every((requirement) => matchesRequirement(requirement, labels)),
    toString: () => sorted.map(requirementText).join(','),
    exactMatch: (key) => {
      const found = sorted.find((requirement) => requirement.key === key)
      if (found === undefined || !['=', '==', 'in'].includes(found.operator)) return undefined
      return found.values.length === 1 ? found.values[0] : undefined
    },
  }
}

/** Matches no object: what an absent selector means in places where `{}` means everything. */
export const NOTHING: LabelSelector = {
  requirements: [],
  empty: false,
  matches: () => false,
  toString: () => '',
  exactMatch: () => undefined,
}

class Parser {
  private readonly tokens: Token[]
  private position = 0

  constructor(tokens: Token[]) {
    this.tokens = tokens
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = []
    for (;;) {
      const next = this.peek()
      if (next.kind === 'end') return requirements
      if (next.kind !== 'identifier' && next.kind !== '!') {
        throw new SelectorError(`found '${next.text}', expected: !, identifier, or 'end of string'`)
      }
      requirements.push(this.requirement())
      const after = this.take()
      if (after.kind === 'end') return requirements
      if (after.kind !== ',') {
        throw new SelectorError(`found '${after.text}', expected: ',' or 'end of string'`)
      }
      const following = this.peek()
      if (following.kind !== 'identifier' && following.kind !== '!') {
        throw new SelectorError(`found '${following.text}', expected: identifier after ','`)
      }
    }
  }

  private requirement(): Requirement {
    try {
      return this.keyAndValues()
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error
      throw new SelectorError(`unable to parse requirement: ${error.message}`)
    }
  }

  private keyAndValues(): Requirement {
    let token = this.take()
    const negated = token.kind === '!'
    if (negated) token = this.take()
    if (token.kind !== 'identifier') {
      throw new SelectorError(`found '${token.text}', expected: identifier`)
    }
    checkKey(token.text)
    if (negated) return newRequirement(token.text, '!', [])
    const next = this.peek().kind
    if (next === 'end' || next === ',') return newRequirement(token.text, 'exists', [])
    const operator = this.operator()
    const values = operator === 'in' || operator === 'notin' ? this.valueSet() : this.exactValue()
    return newRequirement(token.text, operator, [...new Set(values)].sort())
  }

  private operator(): Operator {
    const token = this.tokens[this.position]!
    this.advance()
    const operator = OPERATORS[token.kind]
    if (operator === undefined) {
      throw new SelectorError(`found '${token.text}', expected: ${BINARY_OPERATORS}`)
    }
    return operator
  }

  private exactValue(): string[] {
    const next = this.peek()
    if (next.kind === 'end' || next.kind === ',') return ['']
    this.advance()
    if (next.kind !== 'identifier') {
      throw new SelectorError(`found '${next.text}', expected: identifier`)
    }
    return [next.text]
  }

  private valueSet(): string[] {
    const open = this.take()
    if (open.kind !== '(') throw new SelectorError(`found '${open.text}' expected: '('`)
    const first = this.peek()
    if (first.kind === ')') {
      this.advance()
      return ['']
    }
    if (first.kind !== 'identifier' && first.kind !== ',') {
      throw new SelectorError(`found '${first.text}', expected: ',', ')' or identifier`)
    }
    return this.identifiers()
  }

  /** Comma-separated identifiers, any of which may be empty, up to and with `)`. */
  private identifiers(): string[] {
    const values: string[] = []
    for (;;) {
      const token = this.take()
      if (token.kind === 'identifier') {
        values.push(token.text)
        const next = this.peek()
        if (next.kind !== ',' && next.kind !== ')') {
          throw new SelectorError(`found '${next.text}', expected: ',' or ')'`)
        }
        if (next.kind === ')') break
      } else if (token.kind === ',') {
        if (values.length === 0) values.push('')
        const next = this.peek()
        if (next.kind === ')' || next.kind === ',') values.push('')
        if (next.kind === ')') break
        if (next.kind === ',') this.advance()
      } else {
        throw new SelectorError(`found '${token.text}', expected: ',', or identifier`)
      }
    }
    this.advance()
    return values
  }

  /** `in` and `notin` are values here, not operators. */
  private peek(): Token {
    const token = this.tokens[this.position]!
    return token.kind === 'in' || token.kind === 'notin' ? { kind: 'identifier', text: token.text } : token
  }

  private take(): Token {
    const token = this.peek()
    this.advance()
    return token
  }

  private advance(): void {
    if (this.position < this.tokens.length - 1) this.position += 1
  }
}

/** Throws for a key that no label may have, before anything else is read. */
function checkKey(key: string): void {
  try {
    newRequirement(key, 'exists', [])
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error
    throw new SelectorError(error.message.replace(/^key: /, '<nil>: '))
  }
}
