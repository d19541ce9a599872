// Emptying a namespace: pods first, so that nothing still runs when its Secrets and policies go (as Kubernetes' ordered
// namespace deletion, KEP-5080); then everything else; then the namespace's own finalizer.

import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import type { DiscoveredResource } from '@brume/client/discovery'
import { type NamespaceCondition, nextConditions } from './conditions.ts'
import { isEmptying, type ObservedNamespace, type RemainingContent } from './observe.ts'

export type NamespaceAction =
  | { type: 'deleteContent'; namespace: KubeObject; resource: DiscoveredResource }
  | { type: 'setStatus'; namespace: KubeObject; conditions: NamespaceCondition[] | undefined }
  | { type: 'finalize'; namespace: KubeObject }

/** Kubernetes' estimate for content that waits for a finalizer. */
const FINALIZER_SECONDS = 15
const FAILURE_RETRY_MS = 5000

export function decideNamespace(observed: ObservedNamespace, now: number): Plan<NamespaceAction> {
  const { namespace, remaining, discoveryFailures, deletionFailures } = observed
  if (!isEmptying(namespace)) return { actions: [] }
  const pods = remaining.filter(({ resource }) => resource.group === '' && resource.plural === 'pods')
  const turn = pods.length > 0 ? pods : remaining
  const deletions = turn
    .filter(({ notDeleting }) => notDeleting > 0)
    .map(({ resource }) => ({ type: 'deleteContent' as const, namespace, resource }))
  const status = statusActions(observed, now)
  const failed = discoveryFailures.size > 0 || deletionFailures.length > 0
  if (deletions.length > 0) {
    // Look again at once: most content has no finalizers and is gone by then.
    return {
      actions: failed ? [...status, ...deletions] : deletions,
      requeueAfterMs: failed ? FAILURE_RETRY_MS : 0,
    }
  }
  if (remaining.length > 0) return { actions: status, requeueAfterMs: estimateMs(turn) }
  if (failed) return { actions: status, requeueAfterMs: FAILURE_RETRY_MS }
  return { actions: [...status, { type: 'finalize', namespace }] }
}

function statusActions(observed: ObservedNamespace, now: number): NamespaceAction[] {
  const { namespace } = observed
  const conditions = nextConditions(namespace, observed, now)
  if (conditions === undefined && namespace.status?.phase === 'Terminating') return []
  return [{ type: 'setStatus', namespace, conditions }]
}

/** Kubernetes waits half of the estimate, and a second. Deletions that are seen wake the namespace before that. */
function estimateMs(remaining: readonly RemainingContent[]): number {
  const seconds = remaining.map(({ finalizers, graceSeconds }) =>
    finalizers.length > 0 ? Math.max(FINALIZER_SECONDS, graceSeconds) : graceSeconds,
  )
  return (Math.floor(Math.max(...seconds) / 2) + 1) * 1000
}
