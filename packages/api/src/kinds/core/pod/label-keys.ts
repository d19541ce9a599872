// matchLabelKeys and mismatchLabelKeys of pod affinity (KEP-3633): at creation the pod's own label values are written
// into the terms' selectors, so that schedulers need to know of selectors alone.

import type { KubeObject } from '../../../object.ts'
import { type Json, listOf, mapOf } from '../../../validate/json.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

/** In place, once: not for updates. */
export function mergeLabelKeys(pod: KubeObject): void {
  const affinity = pod['spec']?.affinity
  const labels = mapOf(pod.metadata.labels)
  for (const terms of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    for (const term of listOf(terms?.[REQUIRED])) mergeInto(term, labels)
    for (const weighted of listOf(terms?.[PREFERRED])) {
      if (weighted.podAffinityTerm) mergeInto(weighted.podAffinityTerm, labels)
    }
  }
}

/** Keys that the pod has no label for are left out, and so is a term without a selector. */
function mergeInto(term: Json, labels: Record<string, string>): void {
  if (!term.labelSelector) return
  const added = [
    ...listOf(term.matchLabelKeys).map((key) => ({ key, operator: 'In' })),
    ...listOf(term.mismatchLabelKeys).map((key) => ({ key, operator: 'NotIn' })),
  ]
    .filter(({ key }) => labels[key] !== undefined)
    .map((expression) => ({ ...expression, values: [labels[expression.key]] }))
  if (added.length === 0) return
  term.labelSelector.matchExpressions = [...listOf(term.labelSelector.matchExpressions), ...added]
}
