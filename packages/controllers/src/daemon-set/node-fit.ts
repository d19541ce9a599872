// Whether a daemon's pod belongs on a node: by name, by selector and required affinity, and by taints.

import type { KubeObject } from '@brume/api/object'
import { matchesRequirement, type Operator } from '@brume/api/selectors/requirement'

export interface Fit {
  /** A pod should be made here. */
  run: boolean
  /** One that is here already may stay. */
  stay: boolean
}

interface Requirement {
  key: string
  operator: string
  values?: string[]
}

interface Term {
  matchExpressions?: Requirement[]
  matchFields?: Requirement[]
}

export interface Taint {
  key: string
  value?: string
  effect: string
}

export interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
}

const OPERATORS: Record<string, Operator> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
}

const NODE = 'node.kubernetes.io'
/** What every daemon's pod tolerates: it runs where others may not, and stays when a node has trouble. */
const DAEMON_TOLERATIONS: readonly Toleration[] = [
  { key: `${NODE}/not-ready`, operator: 'Exists', effect: 'NoExecute' },
  { key: `${NODE}/unreachable`, operator: 'Exists', effect: 'NoExecute' },
  { key: `${NODE}/disk-pressure`, operator: 'Exists', effect: 'NoSchedule' },
  { key: `${NODE}/memory-pressure`, operator: 'Exists', effect: 'NoSchedule' },
  { key: `${NODE}/pid-pressure`, operator: 'Exists', effect: 'NoSchedule' },
  { key: `${NODE}/unschedulable`, operator: 'Exists', effect: 'NoSchedule' },
]
const HOST_NETWORK_TOLERATION: Toleration = {
  key: `${NODE}/network-unavailable`,
  operator: 'Exists',
  effect: 'NoSchedule',
}

/** `podSpec` is that of the template. */
export function fitOn(node: KubeObject, podSpec: KubeObject['spec']): Fit {
  if (podSpec.nodeName && podSpec.nodeName !== node.metadata.name) return { run: false, stay: false }
  if (!matchesSelector(node, podSpec) || !matchesAffinity(node, podSpec)) return { run: false, stay: false }
  const tolerations = tolerationsOf(podSpec)
  const taints: Taint[] = node['spec']?.taints ?? []
  const refused = taints.filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)))
  if (refused.some(({ effect }) => effect === 'NoExecute')) return { run: false, stay: false }
  return { run: !refused.some(({ effect }) => effect === 'NoSchedule'), stay: true }
}

/** The template's tolerations and those of every daemon. */
export function tolerationsOf(podSpec: KubeObject['spec']): Toleration[] {
  const own: Toleration[] = podSpec.tolerations ?? []
  const added = podSpec.hostNetwork ? [...DAEMON_TOLERATIONS, HOST_NETWORK_TOLERATION] : DAEMON_TOLERATIONS
  const same = (a: Toleration, b: Toleration) =>
    a.key === b.key &&
    a.effect === b.effect &&
    a.operator === b.operator &&
    (a.value ?? '') === (b.value ?? '')
  return [...own, ...added.filter((toleration) => !own.some((known) => same(known, toleration)))]
}

export function tolerates(
  { key = '', operator = 'Equal', value = '', effect = '' }: Toleration,
  taint: Taint,
): boolean {
  if (effect !== '' && effect !== taint.effect) return false
  if (key !== '' && key !== taint.key) return false
  return operator === 'Exists' || (operator === 'Equal' && value === (taint.value ?? ''))
}

function matchesSelector({ metadata }: KubeObject, podSpec: KubeObject['spec']): boolean {
  const selector: Record<string, string> = podSpec.nodeSelector ?? {}
  return Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value)
}

function matchesAffinity(node: KubeObject, podSpec: KubeObject['spec']): boolean {
  const required = podSpec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required === undefined || required === null) return true
  return (required.nodeSelectorTerms ?? []).some((term: Term) => matchesTerm(node, term))
}

/** A term without any requirement matches nothing. */
function matchesTerm({ metadata }: KubeObject, { matchExpressions = [], matchFields = [] }: Term): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  const fields = { 'metadata.name': metadata.name! }
  return (
    matchExpressions.every((requirement) => matches(requirement, metadata.labels ?? {})) &&
    matchFields.every((requirement) => matches(requirement, fields))
  )
}

function matches({ key, operator, values = [] }: Requirement, labels: Record<string, string>): boolean {
  const known = OPERATORS[operator]
  return known !== undefined && matchesRequirement({ key, operator: known, values }, labels)
}
