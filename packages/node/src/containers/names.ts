// Labels and annotations by which the agent finds its containers again, and the paths of their logs. The names are
// Kubernetes' (k8s.io/kubelet/pkg/types), so that other tools understand the runtime's lists.

import { join } from 'node:path'
import type { Pod } from '../contract.ts'

export const POD_NAME = 'io.kubernetes.pod.name'
export const POD_NAMESPACE = 'io.kubernetes.pod.namespace'
export const POD_UID = 'io.kubernetes.pod.uid'
export const CONTAINER_NAME = 'io.kubernetes.container.name'

export const CONTAINER_HASH = 'io.kubernetes.container.hash'
export const RESTART_COUNT = 'io.kubernetes.container.restartCount'
export const TERMINATION_MESSAGE_PATH = 'io.kubernetes.container.terminationMessagePath'
export const TERMINATION_MESSAGE_POLICY = 'io.kubernetes.container.terminationMessagePolicy'
export const PRE_STOP = 'io.kubernetes.container.preStopHandler'
export const PORTS = 'io.kubernetes.container.ports'
export const DELETION_GRACE = 'io.kubernetes.pod.deletionGracePeriod'
export const TERMINATION_GRACE = 'io.kubernetes.pod.terminationGracePeriod'

export interface PodNames {
  namespace: string
  name: string
  uid: string
}

export function podNames({ metadata }: Pod): PodNames {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '', uid: metadata.uid ?? '' }
}

/** NAME_NAMESPACE(UID), as messages of Kubernetes name a pod. */
export function podText(pod: Pod): string {
  const { namespace, name, uid } = podNames(pod)
  return `${name}_${namespace}(${uid})`
}

export function podLabels(pod: Pod): Record<string, string> {
  const { namespace, name, uid } = podNames(pod)
  return { ...pod.metadata.labels, [POD_NAME]: name, [POD_NAMESPACE]: namespace, [POD_UID]: uid }
}

export function podLogDir(logsDir: string, pod: Pod): string {
  const { namespace, name, uid } = podNames(pod)
  return join(logsDir, `${namespace}_${name}_${uid}`)
}

/** Relative to the pod's directory, as the runtime wants it. */
export function containerLogPath(container: string, attempt: number): string {
  return `${container}/${attempt}.log`
}
