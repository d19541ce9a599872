// Whether a node is one of those that a pod asks for: nodeSelector and required node affinity.

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf, mapOf } from '@brume/api/validate/json'
import type { Pod } from '../contract.ts'

export function matchesNode({ spec }: Pod, { metadata }: KubeObject): boolean {
  const labels = metadata.labels ?? {}
  for (const [key, value] of Object.entries(mapOf(spec['nodeSelector'])))
    if (labels[key] !== value) return false
  const required = spec['affinity']?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required === undefined) return true
  const fields = { 'metadata.name': metadata.name ?? '' }
  return listOf(required.nodeSelectorTerms).some((term) => {
    const expressions = listOf(term.matchExpressions)
    const inFields = listOf(term.matchFields)
    // A term without anything matches nothing.
    if (expressions.length + inFields.length === 0) return false
    return expressions.every((one) => matches(one, labels)) && inFields.every((one) => matches(one, fields))
  })
}

function matches({ key, operator, values }: Json, of: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(of, key) ? of[key] : undefined
  const given: string[] = listOf(values)
  switch (operator) {
    case 'In':
      return value !== undefined && given.includes(value)
    case 'NotIn':
      return value === undefined || !given.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
    case 'Lt':
      return value !== undefined && compares(operator, value, given[0] ?? '')
    default:
      return false
  }
}

const INTEGER = /^[+-]?\d+$/

function compares(operator: 'Gt' | 'Lt', value: string, limit: string): boolean {
  if (!INTEGER.test(value) || !INTEGER.test(limit)) return false
  return operator === 'Gt' ? BigInt(value) > BigInt(limit) : BigInt(value) < BigInt(limit)
}
