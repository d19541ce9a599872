// The table of pods.

import type { KubeObject } from '../../../object.ts'
import type { Column } from '../../../resource.ts'
import { listOf } from '../../../validate/json.ts'
import { text, wide } from '../../cells.ts'
import { age } from '../../columns.ts'
import { type PodSummary, restartsText, summarize } from './status-text.ts'

/** Cells of one row ask for the same summary one after another. Only frozen pods are kept: they cannot change. */
let last: { pod: KubeObject; summary: PodSummary } | undefined

export const podColumns: readonly Column[] = [
  text('Ready', (pod) => `${summaryOf(pod).ready}/${summaryOf(pod).total}`),
  text('Status', (pod) => summaryOf(pod).reason),
  text('Restarts', (pod, now) => restartsText(summaryOf(pod), now)),
  age,
  wide('IP', (pod) => listOf(pod['status']?.podIPs)[0]?.ip || pod['status']?.podIP || '<none>'),
  wide('Node', (pod) => pod['spec']?.nodeName || '<none>'),
  wide('Nominated Node', (pod) => pod['status']?.nominatedNodeName || '<none>'),
  wide('Readiness Gates', readinessGates),
]

function summaryOf(pod: KubeObject): PodSummary {
  if (last?.pod === pod) return last.summary
  const summary = summarize(pod)
  if (Object.isFrozen(pod)) last = { pod, summary }
  return summary
}

/** How many of the gates' conditions are True. */
function readinessGates(pod: KubeObject): string {
  const gates = listOf(pod['spec']?.readinessGates)
  if (gates.length === 0) return '<none>'
  const conditions = listOf(pod['status']?.conditions)
  const open = gates.filter((gate) =>
    conditions.some((c) => c.type === gate.conditionType && c.status === 'True'),
  )
  return `${open.length}/${gates.length}`
}
