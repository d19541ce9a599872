// What a pod demands of a node by itself: selector, affinity, tolerations. Each node is looked at alone.

import type { KubeObject } from '@brume/api/object'
import { matchesRequirement, type Operator } from '@brume/api/selectors/requirement'
import type { Json } from './pod-info.ts'

export interface Taint {
  key: string
  value?: string
  effect: string
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
}
const UNSCHEDULABLE_TAINT: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** The first taint that keeps the pod away. */
export function untoleratedTaint(taints: readonly Taint[], tolerations: readonly Json[]): Taint | undefined {
  return taints.find(
    (taint) =>
      (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !isTolerated(taint, tolerations),
  )
}

/** How many taints would rather not have the pod. */
export function dislikes(taints: readonly Taint[], tolerations: readonly Json[]): number {
  const soft = tolerations.filter(({ effect }) => !effect || effect === 'PreferNoSchedule')
  return taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, soft)).length
}

export function toleratesCordon(tolerations: readonly Json[]): boolean {
  return isTolerated(UNSCHEDULABLE_TAINT, tolerations)
}

export function isTolerated(taint: Taint, tolerations: readonly Json[]): boolean {
  return tolerations.some(({ key, operator, value, effect }) => {
    if (effect && effect !== taint.effect) return false
    if (key && key !== taint.key) return false
    if (operator === 'Exists') return true
    return (
      (operator === undefined || operator === '' || operator === 'Equal') &&
      (value ?? '') === (taint.value ?? '')
    )
  })
}

export function taintText({ key, value }: Taint): string {
  return `{${key}: ${value ?? ''}}`
}

export interface NodeDemand {
  nodeSelector: Readonly<Record<string, string>>
  /** Required terms: any of them is enough. undefined: no demand. */
  terms: readonly Json[] | undefined
}

export function matchesNode(demand: NodeDemand, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {}
  for (const key in demand.nodeSelector) {
    if (labels[key] !== demand.nodeSelector[key]) return false
  }
  return demand.terms === undefined || demand.terms.some((term) => matchesTerm(term, node))
}

/** An empty term matches nothing. */
export function matchesTerm(term: Json, { metadata }: KubeObject): boolean {
  const expressions: Json[] = term.matchExpressions ?? []
  const fields: Json[] = term.matchFields ?? []
  if (expressions.length === 0 && fields.length === 0) return false
  const nodeFields = { 'metadata.name': metadata.name! }
  return (
    expressions.every((expression) => matches(expression, metadata.labels ?? {})) &&
    fields.every((expression) => matches(expression, nodeFields))
  )
}

/**
 * The only nodes that can match, when every term names some by matchFields (as those of DaemonSets' pods do); an empty
 * set when the terms contradict themselves. undefined: any node may.
 */
export function namedNodes(terms: readonly Json[] | undefined): ReadonlySet<string> | undefined {
  if (terms === undefined) return undefined
  const names = new Set<string>()
  for (const term of terms) {
    let ofTerm: Set<string> | undefined
    for (const { key, operator, values } of term.matchFields ?? []) {
      if (key !== 'metadata.name' || operator !== 'In') continue
      const named = new Set<string>(values)
      ofTerm = ofTerm === undefined ? named : ofTerm.intersection(named)
    }
    if (ofTerm === undefined) return undefined
    for (const name of ofTerm) names.add(name)
  }
  return names
}

function matches({ key, operator, values }: Json, labels: Readonly<Record<string, string>>): boolean {
  const known = OPERATORS[operator]
  return known !== undefined && matchesRequirement({ key, operator: known, values: values ?? [] }, labels)
}
