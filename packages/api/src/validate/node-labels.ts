// Labels of nodes that have newer names: where they are still used, a warning says which.

import { type Json, listOf, mapOf } from './json.ts'

const SUCCESSORS: Readonly<Record<string, { since: string; label: string }>> = {
  'beta.kubernetes.io/arch': { since: 'v1.14', label: 'kubernetes.io/arch' },
  'beta.kubernetes.io/os': { since: 'v1.14', label: 'kubernetes.io/os' },
  'failure-domain.beta.kubernetes.io/region': { since: 'v1.17', label: 'topology.kubernetes.io/region' },
  'failure-domain.beta.kubernetes.io/zone': { since: 'v1.17', label: 'topology.kubernetes.io/zone' },
  'beta.kubernetes.io/instance-type': { since: 'v1.17', label: 'node.kubernetes.io/instance-type' },
}

/** The label's newer name, or itself. */
export function currentNodeLabel(label: string): string {
  return SUCCESSORS[label]?.label ?? label
}

/** What to say of a label in use; undefined for a current one. */
export function nodeLabelMessage(label: string): string | undefined {
  const successor = SUCCESSORS[label]
  return successor && `deprecated since ${successor.since}; use "${successor.label}" instead`
}

/** Of a label selector, or of one term of a node selector. */
export function nodeSelectorWarnings(selector: Json, field: string): string[] {
  const warnings = listOf(selector?.matchExpressions).flatMap(({ key = '' }, i) => {
    const message = nodeLabelMessage(key)
    return message ? [`${field}.matchExpressions[${i}].key: ${key} is ${message}`] : []
  })
  for (const label of Object.keys(mapOf(selector?.matchLabels))) {
    const message = nodeLabelMessage(label)
    if (message) warnings.push(`${field}.matchLabels.${label}: ${message}`)
  }
  return warnings
}
