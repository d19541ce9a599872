// The two priority classes that every cluster has; both above what users may name.

import type { KubeObject } from '../object.ts'

export const SYSTEM_PRIORITY_PREFIX = 'system-'
/** The highest value that a user's own class may have. */
export const HIGHEST_USER_PRIORITY = 1_000_000_000

function systemClass(name: string, value: number, description: string): KubeObject {
  return {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    description,
    preemptionPolicy: 'PreemptLowerPriority',
  }
}

export const BOOTSTRAP_PRIORITY_CLASSES: readonly KubeObject[] = [
  systemClass(
    'system-node-critical',
    2 * HIGHEST_USER_PRIORITY + 1000,
    'For system pods without which their node does not work: they are never preempted or moved.',
  ),
  systemClass(
    'system-cluster-critical',
    2 * HIGHEST_USER_PRIORITY,
    'For system pods that the cluster needs and that may run on any node.',
  ),
]
