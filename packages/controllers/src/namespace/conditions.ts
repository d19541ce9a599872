// The five conditions of a namespace that is being deleted, with Kubernetes' reasons and wording.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import type { RemainingContent } from './observe.ts'

export interface NamespaceCondition {
  type: string
  status: 'True' | 'False'
  lastTransitionTime: string
  reason: string
  message: string
}

interface Finding {
  reason: string
  message: string
}

/** Type, and what it says when nothing is wrong. */
const CONDITIONS: readonly [string, Finding][] = [
  [
    'NamespaceDeletionDiscoveryFailure',
    { reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
  ],
  [
    'NamespaceDeletionGroupVersionParsingFailure',
    { reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
  ],
  [
    'NamespaceDeletionContentFailure',
    {
      reason: 'ContentDeleted',
      message: 'All content successfully deleted, may be waiting on finalization',
    },
  ],
  ['NamespaceContentRemaining', { reason: 'ContentRemoved', message: 'All content successfully removed' }],
  [
    'NamespaceFinalizersRemaining',
    { reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' },
  ],
]

export interface ContentFindings {
  /** Group/version -> why it could not be discovered. */
  discoveryFailures: ReadonlyMap<string, string>
  deletionFailures: readonly string[]
  remaining: readonly RemainingContent[]
}

/** The namespace's conditions with these brought up to date; undefined when they say it all already. */
export function nextConditions(
  namespace: KubeObject,
  content: ContentFindings,
  now: number,
): NamespaceCondition[] | undefined {
  const before: NamespaceCondition[] = namespace.status?.conditions ?? []
  const found = findings(content)
  let changed = false
  const next = before.filter(({ type }) => !CONDITIONS.some(([known]) => known === type))
  for (const [type, ok] of CONDITIONS) {
    const finding = found.get(type)
    const old = before.find((condition) => condition.type === type)
    const status = finding === undefined ? 'False' : 'True'
    const { reason, message } = finding ?? ok
    const same = old?.status === status && old.reason === reason && old.message === message
    if (!same) changed = true
    const since = old?.status === status ? old.lastTransitionTime : formatTime(now)
    next.push(same ? old : { type, status, lastTransitionTime: since, reason, message })
  }
  return changed ? next : undefined
}

function findings(content: ContentFindings): Map<string, Finding> {
  const { discoveryFailures, deletionFailures, remaining } = content
  const found = new Map<string, Finding>()
  if (discoveryFailures.size > 0) {
    const groups = [...discoveryFailures].map(([group, why]) => `${group}: ${why}`).sort()
    found.set('NamespaceDeletionDiscoveryFailure', {
      reason: 'DiscoveryFailed',
      message:
        `Discovery failed for some groups, ${groups.length} failing: ` +
        `unable to retrieve the complete list of server APIs: ${groups.join(', ')}`,
    })
  }
  if (deletionFailures.length > 0) {
    found.set('NamespaceDeletionContentFailure', {
      reason: 'ContentDeletionFailed',
      message: `Failed to delete all resource types, ${deletionFailures.length} remaining: ${[...deletionFailures].sort().join(', ')}`,
    })
  }
  const counts = remaining.map(
    ({ resource, count }) => `${resource.plural}.${resource.group} has ${count} resource instances`,
  )
  if (counts.length > 0) {
    found.set('NamespaceContentRemaining', {
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${counts.sort().join(', ')}`,
    })
  }
  const finalizers = countFinalizers(remaining)
  if (finalizers.length > 0) {
    found.set('NamespaceFinalizersRemaining', {
      reason: 'SomeFinalizersRemain',
      message: `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
    })
  }
  return found
}

function countFinalizers(remaining: readonly RemainingContent[]): string[] {
  const counts = new Map<string, number>()
  for (const { finalizers } of remaining) {
    for (const finalizer of finalizers) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1)
  }
  return [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort()
}
