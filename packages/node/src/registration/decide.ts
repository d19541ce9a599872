// What is to be written so that the API server knows this node as it is. Pure.

import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import { type ConditionChange, conditionChanges, conditionsOf, type NodeCondition } from './conditions.ts'
import { type NodeReport, newNode, ownLabels, statusOf, type Taint } from './node-object.ts'

export interface ObservedNode {
  name: string
  /** undefined: there is none. */
  node: KubeObject | undefined
  report: NodeReport
  /** For a Node that is created. */
  initial: { labels: Readonly<Record<string, string>>; taints: readonly Taint[] }
}

export type RegistrationAction =
  | { type: 'create'; node: KubeObject }
  | { type: 'setLabels'; labels: Record<string, string> }
  /** A merge patch of the status, for the revision that was observed. */
  | { type: 'setStatus'; resourceVersion: string; status: Record<string, unknown> }
  | { type: 'say'; level: 'Normal' | 'Warning'; change: ConditionChange }

/** A status that did not change is still reported so often, so that people see a heartbeat. */
export const REPORT_EVERY_MS = 5 * 60_000

export function decideRegistration(
  { name, node, report, initial }: ObservedNode,
  now: number,
): RegistrationAction[] {
  // The status follows when the Node is as wanted: it is then another revision.
  if (node === undefined) return [{ type: 'create', node: newNode(name, report.facts, initial) }]
  const labels = missingLabels(node, ownLabels(report.facts))
  if (labels !== undefined) return [{ type: 'setLabels', labels }]
  const before: readonly NodeCondition[] = node['status']?.conditions ?? []
  const conditions = conditionsOf(report.health, before, now)
  const status = { ...statusOf(report), conditions }
  const changed = statusPatch(node['status'] ?? {}, status)
  if (changed === undefined && !isDue(before, now)) return []
  const resourceVersion = node.metadata.resourceVersion ?? ''
  const actions: RegistrationAction[] = [
    { type: 'setStatus', resourceVersion, status: { ...changed, conditions } },
  ]
  for (const change of conditionChanges(name, before, conditions)) {
    actions.push({ type: 'say', level: 'Normal', change })
  }
  const bootBefore: string = node['status']?.nodeInfo?.bootID ?? ''
  if (bootBefore !== '' && bootBefore !== report.facts.bootId) {
    const message = `Node ${name} has been rebooted, boot id: ${report.facts.bootId}`
    actions.push({ type: 'say', level: 'Warning', change: { reason: 'Rebooted', message } })
  }
  return actions
}

function missingLabels(node: KubeObject, wanted: Record<string, string>): Record<string, string> | undefined {
  const present = node.metadata.labels ?? {}
  const missing = Object.entries(wanted).filter(([label, value]) => present[label] !== value)
  return missing.length === 0 ? undefined : Object.fromEntries(missing)
}

/** Also when the clock was set back: what was reported then lies in the future. */
function isDue(conditions: readonly NodeCondition[], now: number): boolean {
  const last = conditions.find(({ type }) => type === 'Ready')?.lastHeartbeatTime
  if (last === undefined) return true
  // Reported times are whole seconds, so they can be ahead of `now` by less than one.
  const ageMs = now - Date.parse(last)
  return ageMs >= REPORT_EVERY_MS || ageMs < -1000
}

/** The fields that differ, for a merge patch; undefined: none does. Heartbeats alone are no difference. */
function statusPatch(
  current: Record<string, unknown>,
  wanted: Record<string, unknown>,
): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(wanted)) {
    if (field === 'capacity' || field === 'allocatable') {
      const amounts = amountsPatch(current[field], value as Record<string, string>)
      if (amounts !== undefined) patch[field] = amounts
    } else if (!isSame(field, current[field], value)) {
      patch[field] = value
    }
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** Amounts of others (extended resources) stay; sizes of huge pages that the kernel no longer has go. */
function amountsPatch(
  current: unknown,
  wanted: Record<string, string>,
): Record<string, string | null> | undefined {
  const present = (current ?? {}) as Record<string, string>
  const patch: Record<string, string | null> = {}
  for (const [name, amount] of Object.entries(wanted)) if (present[name] !== amount) patch[name] = amount
  for (const name of Object.keys(present)) {
    if (name.startsWith('hugepages-') && wanted[name] === undefined) patch[name] = null
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

function isSame(field: string, current: unknown, wanted: unknown): boolean {
  if (field === 'conditions') {
    const still = (conditions: unknown) =>
      ((conditions ?? []) as NodeCondition[]).map(({ lastHeartbeatTime: _, ...rest }) => rest)
    return deepEqual(still(current), still(wanted))
  }
  // An empty list is not kept by the server.
  if (Array.isArray(wanted) && wanted.length === 0) return current === undefined || deepEqual(current, wanted)
  return deepEqual(current, wanted)
}
