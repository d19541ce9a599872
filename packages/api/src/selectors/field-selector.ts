// Field selectors as clients write them in a query (`?fieldSelector=`), as k8s.io/apimachinery/pkg/fields parses them.

import { SelectorError } from './requirement.ts'

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[]
  readonly empty: boolean
  /** `get` gives a field's value; '' where there is none. */
  matches(get: (field: string) => string): boolean
  toString(): string
  /** The one value that the field must have, when the selector says so. */
  exactMatch(field: string): string | undefined
}

/** Throws SelectorError. Empty text selects everything. */
export function parseFieldSelector(text: string): FieldSelector {
  const terms = splitTerms(text).sort()
  const requirements: FieldRequirement[] = []
  for (const term of terms) {
    if (term === '') continue
    const requirement = parseTerm(term)
    if (requirement === undefined) {
      throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`)
    }
    requirements.push(requirement)
  }
  return fieldSelectorOf(requirements)
}

export function fieldSelectorOf(requirements: readonly FieldRequirement[]): FieldSelector {
  return {
    requirements,
    empty: requirements.length === 0,
    matches: (get) => requirements.every((r) => (get(r.field) === r.value) === (r.operator === '=')),
    toString: () => requirements.map((r) => `${r.field}${r.operator}${escapeFieldValue(r.value)}`).join(','),
    exactMatch: (field) => requirements.find((r) => r.field === field && r.operator === '=')?.value,
  }
}

/** Backslash before `\`, `,` and `=`. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, (character) => `\\${character}`)
}

/** At commas that no backslash precedes. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i += 1
    else if (text[i] === ',') {
      terms.push(text.slice(start, i))
      start = i + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function parseTerm(term: string): FieldRequirement | undefined {
  for (let i = 0; i < term.length; i++) {
    const operator = operatorAt(term, i)
    if (operator === undefined) continue
    return {
      field: term.slice(0, i),
      operator: operator === '!=' ? '!=' : '=',
      value: unescapeValue(term.slice(i + operator.length)),
    }
  }
  return undefined
}

function operatorAt(term: string, at: number): string | undefined {
  if (term.startsWith('!=', at)) return '!='
  if (term.startsWith('==', at)) return '=='
  return term[at] === '=' ? '=' : undefined
}

function unescapeValue(text: string): string {
  let value = ''
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (character === ',' || character === '=') {
      const code = character.charCodeAt(0)
      throw new SelectorError(`invalid field selector: unescaped character in value: ${code}`)
    }
    if (character !== '\\') {
      value += character
      continue
    }
    i += 1
    const escaped = text[i] ?? ''
    if (escaped === '' || !'\\,='.includes(escaped)) {
      throw new SelectorError(`invalid field selector: invalid escape sequence: \\${escaped}`)
    }
    value += escaped
  }
  return value
}
