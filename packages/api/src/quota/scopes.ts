// Scopes of a quota: which pods it counts. Other kinds have no scopes, so a quota with scopes counts pods only.

import type { KubeObject } from '../object.ts'
import { isBestEffort } from './pod-usage.ts'
import type { GroupPlural } from './usage.ts'

interface ScopeRequirement {
  scopeName: string
  operator: string
  values?: string[]
}

/** Whether the object is one that the quota's scopes select. */
export function inScope(quota: KubeObject, of: GroupPlural, object: KubeObject): boolean {
  const requirements = requirementsOf(quota)
  if (requirements.length === 0) return true
  if (of.group !== '' || of.plural !== 'pods') return false
  return requirements.every((requirement) => podMatches(requirement, object))
}

function requirementsOf(quota: KubeObject): ScopeRequirement[] {
  const spec = quota['spec'] ?? {}
  const plain = (spec.scopes ?? []).map((scopeName: string) => ({ scopeName, operator: 'Exists' }))
  return [...plain, ...(spec.scopeSelector?.matchExpressions ?? [])]
}

function podMatches(requirement: ScopeRequirement, pod: KubeObject): boolean {
  const spec = pod['spec'] ?? {}
  const isTerminating = spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds !== null
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating
    case 'NotTerminating':
      return !isTerminating
    case 'BestEffort':
      return isBestEffort(pod)
    case 'NotBestEffort':
      return !isBestEffort(pod)
    case 'PriorityClass':
      return matchesClass(requirement, spec.priorityClassName ?? '')
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(spec.affinity)
    default:
      return false
  }
}

function matchesClass({ operator, values = [] }: ScopeRequirement, name: string): boolean {
  switch (operator) {
    case 'Exists':
      return name !== ''
    case 'DoesNotExist':
      return name === ''
    case 'In':
      return name !== '' && values.includes(name)
    case 'NotIn':
      return name === '' || !values.includes(name)
    default:
      return false
  }
}

interface AffinityTerm {
  namespaces?: string[]
  namespaceSelector?: object
}

// biome-ignore lint/suspicious/noExplicitAny: fields of a pod, checked by its schema
function reachesOtherNamespaces(affinity: any): boolean {
  const terms: AffinityTerm[] = []
  for (const kind of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    terms.push(...(kind?.requiredDuringSchedulingIgnoredDuringExecution ?? []))
    for (const { podAffinityTerm } of kind?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (podAffinityTerm !== undefined) terms.push(podAffinityTerm)
    }
  }
  return terms.some(
    ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
  )
}
