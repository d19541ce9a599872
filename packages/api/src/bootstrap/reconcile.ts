// What to write so that the objects every cluster has are there again: what is missing is added, what someone added
// stays, and an object whose owner opted out is left alone. Pure.

import { deepEqual } from '@brume/base/values'
import type { KubeObject } from '../object.ts'
import { compactRules, missingRules, type PolicyRule } from '../rbac/policy-rule.ts'
import { fromStructured } from '../selectors/structured.ts'

const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate'
const APF_AUTOUPDATE = 'apf.kubernetes.io/autoupdate-spec'

export type Reconciliation =
  | { action: 'none' }
  | { action: 'create' | 'update'; object: KubeObject }
  /** A binding's roleRef cannot be changed: delete the old one, then create. */
  | { action: 'recreate'; object: KubeObject }

/** For Roles and ClusterRoles. */
export function reconcileRole(existing: KubeObject | undefined, expected: KubeObject): Reconciliation {
  if (existing === undefined) return { action: 'create', object: expected }
  if (existing.metadata.annotations?.[AUTOUPDATE] === 'false') return { action: 'none' }
  const metadata = mergedMetadata(existing, expected)
  const aggregation = mergedAggregation(existing, expected)
  const held = rulesOf(existing)
  // The rules of an aggregated role are the aggregation's.
  const missing = expected['aggregationRule'] === undefined ? missingRules(held, rulesOf(expected)) : []
  if (metadata === undefined && aggregation === undefined && missing.length === 0) return { action: 'none' }
  return {
    action: 'update',
    object: {
      ...existing,
      metadata: metadata ?? existing.metadata,
      ...(aggregation === undefined ? {} : { aggregationRule: aggregation }),
      rules: [...held, ...compactRules(missing)],
    },
  }
}

/** For RoleBindings and ClusterRoleBindings. */
export function reconcileBinding(existing: KubeObject | undefined, expected: KubeObject): Reconciliation {
  if (existing === undefined) return { action: 'create', object: expected }
  if (existing.metadata.annotations?.[AUTOUPDATE] === 'false') return { action: 'none' }
  const [held, wanted] = [existing['roleRef'], expected['roleRef']]
  if (held?.kind !== wanted.kind || held?.name !== wanted.name)
    return { action: 'recreate', object: expected }
  const subjects = (existing['subjects'] ?? []) as Subject[]
  const missing = ((expected['subjects'] ?? []) as Subject[]).filter(
    (subject) => !subjects.some((own) => sameSubject(own, subject)),
  )
  const metadata = mergedMetadata(existing, expected)
  if (metadata === undefined && missing.length === 0) return { action: 'none' }
  const object = { ...existing, metadata: metadata ?? existing.metadata, subjects: [...subjects, ...missing] }
  return { action: 'update', object }
}

/** For priority levels and flow schemas: the specification is set back unless its owner opted out. */
export function reconcileFlowControl(existing: KubeObject | undefined, expected: KubeObject): Reconciliation {
  if (existing === undefined) return { action: 'create', object: expected }
  const wanted = existing.metadata.annotations?.[APF_AUTOUPDATE]
  const isOurs = wanted === undefined ? (existing.metadata.generation ?? 1) === 1 : wanted === 'true'
  if (!isOurs || deepEqual(existing['spec'], expected['spec'])) return { action: 'none' }
  return { action: 'update', object: { ...existing, spec: expected['spec'] } }
}

/** For objects that are made once and then belong to their owner: namespaces, priority classes. */
export function reconcileOnce(existing: KubeObject | undefined, expected: KubeObject): Reconciliation {
  return existing === undefined ? { action: 'create', object: expected } : { action: 'none' }
}

/**
 * The rules of an aggregated ClusterRole: those of all roles that a selector matches, by name, each rule once.
 * undefined when the role has them already, or does not aggregate.
 */
export function aggregateRules(role: KubeObject, all: readonly KubeObject[]): PolicyRule[] | undefined {
  const selectors = (role['aggregationRule']?.clusterRoleSelectors ?? []) as Record<string, unknown>[]
  if (role['aggregationRule'] === undefined || role['aggregationRule'] === null) return undefined
  const byName = [...all].sort((a, b) => (String(a.metadata.name) < String(b.metadata.name) ? -1 : 1))
  const rules: PolicyRule[] = []
  const known = new Set<string>()
  for (const selector of selectors.map(fromStructured)) {
    for (const other of byName) {
      if (other.metadata.name === role.metadata.name || !selector.matches(other.metadata.labels ?? {}))
        continue
      for (const rule of rulesOf(other)) {
        const key = JSON.stringify(rule)
        if (!known.has(key)) rules.push(rule)
        known.add(key)
      }
    }
  }
  return deepEqual(rulesOf(role), rules) ? undefined : rules
}

interface Subject {
  kind?: string
  name?: string
  namespace?: string
}

function rulesOf(role: KubeObject): PolicyRule[] {
  return (role['rules'] as PolicyRule[] | null | undefined) ?? []
}

/** Labels and annotations that are missing; what is there keeps its value. undefined: nothing is missing. */
function mergedMetadata(existing: KubeObject, expected: KubeObject): KubeObject['metadata'] | undefined {
  const labels = { ...expected.metadata.labels, ...existing.metadata.labels }
  const annotations = { ...expected.metadata.annotations, ...existing.metadata.annotations }
  const added =
    Object.keys(labels).length -
    Object.keys(existing.metadata.labels ?? {}).length +
    (Object.keys(annotations).length - Object.keys(existing.metadata.annotations ?? {}).length)
  return added === 0 ? undefined : { ...existing.metadata, labels, annotations }
}

function mergedAggregation(existing: KubeObject, expected: KubeObject): unknown {
  const wanted = (expected['aggregationRule']?.clusterRoleSelectors ?? []) as Record<string, unknown>[]
  const held = (existing['aggregationRule']?.clusterRoleSelectors ?? []) as Record<string, unknown>[]
  const missing = wanted.filter((selector) => !held.some((own) => deepEqual(own, selector)))
  return missing.length === 0 ? undefined : { clusterRoleSelectors: [...held, ...missing] }
}

function sameSubject(a: Subject, b: Subject): boolean {
  return a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')
}
