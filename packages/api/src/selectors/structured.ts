// metav1.LabelSelector (matchLabels, matchExpressions) and plain maps as selectors, and as text.

import { type Json, listOf, mapOf } from '../validate/json.ts'
import { type LabelSelector, labelSelectorOf, NOTHING } from './label-selector.ts'
import { newRequirement, type Operator, type Requirement, SelectorError } from './requirement.ts'

const OPERATORS: Record<string, Operator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' }

/** Absent: nothing; `{}`: everything. Throws SelectorError for what validation would have refused. */
export function fromStructured(selector: Json): LabelSelector {
  if (selector === undefined || selector === null) return NOTHING
  const requirements: Requirement[] = []
  for (const [key, value] of Object.entries(mapOf(selector.matchLabels))) {
    requirements.push(newRequirement(key, '=', [value]))
  }
  for (const { key, operator, values } of listOf(selector.matchExpressions)) {
    const known = OPERATORS[operator]
    if (known === undefined) {
      throw new SelectorError(`${JSON.stringify(operator)} is not a valid label selector operator`)
    }
    requirements.push(newRequirement(key, known, listOf(values)))
  }
  return labelSelectorOf(requirements)
}

/** Every label as given; empty or absent: everything. Does not throw: the values are taken as they are. */
export function fromMap(labels: Readonly<Record<string, string>> | null | undefined): LabelSelector {
  const entries = Object.entries(labels ?? {})
  return labelSelectorOf(entries.map(([key, value]) => ({ key, operator: '=', values: [value] })))
}

/** `a=b,c in (d,e)`; `<none>` when empty; `<error>` when it is no valid selector (metav1.FormatLabelSelector). */
export function formatStructured(selector: Json): string {
  try {
    return fromStructured(selector).toString() || '<none>'
  } catch (error) {
    if (error instanceof SelectorError) return '<error>'
    throw error
  }
}

/** The other way: text's requirements as a metav1.LabelSelector. Throws SelectorError for gt and lt. */
export function toStructured(selector: LabelSelector): Json {
  const matchLabels: Record<string, string> = {}
  const matchExpressions: Json[] = []
  for (const { key, operator, values } of selector.requirements) {
    if (operator === '=' || operator === '==') matchLabels[key] = values[0]!
    else matchExpressions.push({ key, operator: structuredOperator(operator), ...valuesOf(values) })
  }
  return { matchLabels, matchExpressions }
}

function structuredOperator(operator: Operator): string {
  if (operator === '!=') return 'NotIn'
  const found = Object.entries(OPERATORS).find(([, known]) => known === operator)
  if (found === undefined) throw new SelectorError(`"${operator}" isn't supported in label selectors`)
  return found[0]
}

function valuesOf(values: readonly string[]): { values?: string[] } {
  return values.length === 0 ? {} : { values: [...values] }
}
