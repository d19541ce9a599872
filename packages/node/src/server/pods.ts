// What the server is told of this node's pods, and how it finds their containers in the runtime.

import { CONTAINER_NAME, POD_UID } from '../containers/names.ts'
import type { Pod } from '../contract.ts'
import type { Cri } from '../cri/cri.ts'
import { CONTAINER_RUNNING, SANDBOX_READY } from '../cri/enums.ts'
import { AgentError } from './agent-error.ts'

export interface NodePods {
  /** With their status, as new as the agent knows it. */
  list(): Iterable<Pod>
}

/** `uid`: if given, this very pod and no namesake. Throws AgentError. */
export function podNamed(pods: NodePods, { namespace, name, uid }: PodName): Pod {
  for (const pod of pods.list()) {
    const { metadata } = pod
    if (metadata.name !== name || metadata.namespace !== namespace) continue
    if (uid === undefined || metadata.uid === uid) return pod
  }
  throw new AgentError(404, 'pod does not exist')
}

export interface PodName {
  namespace: string
  name: string
  uid: string | undefined
}

/** The runtime's id of the container that runs now; of several attempts the newest. */
export async function runningContainer(
  cri: Pick<Cri, 'listContainers'>,
  pod: Pod,
  container: string,
): Promise<string> {
  const labelSelector = { [POD_UID]: pod.metadata.uid ?? '', [CONTAINER_NAME]: container }
  const found = await cri.listContainers({ labelSelector, state: { state: CONTAINER_RUNNING } })
  const [newest] = found.sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0))
  if (newest?.id === undefined)
    throw new AgentError(404, `container not found (${JSON.stringify(container)})`)
  return newest.id
}

export async function readySandbox(cri: Pick<Cri, 'listPodSandboxes'>, pod: Pod): Promise<string> {
  const labelSelector = { [POD_UID]: pod.metadata.uid ?? '' }
  const [found] = await cri.listPodSandboxes({ labelSelector, state: { state: SANDBOX_READY } })
  if (found?.id === undefined) {
    throw new AgentError(
      404,
      `pod not found (${JSON.stringify(`${pod.metadata.name}_${pod.metadata.namespace}`)})`,
    )
  }
  return found.id
}

/** Of any kind; undefined: the pod has none of that name. */
export function containerSpec({ spec }: Pod, name: string): { name: string; tty?: boolean } | undefined {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec
  return [...containers, ...initContainers, ...ephemeralContainers].find((one) => one.name === name)
}
