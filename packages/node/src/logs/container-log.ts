// Which container's log is meant, by the pod's status, and why there is none: in the words that people know from the
// kubelet. Pure.

import type { Pod } from '../contract.ts'

export class NoLog extends Error {
  override name = 'NoLog'
}

interface ContainerState {
  waiting?: { reason?: string }
  running?: object
  terminated?: { containerID?: string }
}

interface Status {
  name: string
  containerID?: string
  state?: ContainerState
  lastState?: ContainerState
}

const WAITING: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
}

/** The runtime's id of the container. Throws NoLog. */
export function containerOfLog(pod: Pod, name: string, previous: boolean): string {
  const which = `container ${JSON.stringify(name)} in pod ${JSON.stringify(pod.metadata.name)}`
  const status = statusOf(pod, name)
  if (status === undefined) throw new NoLog(`${which} is not available`)
  const { waiting, running, terminated } = status.state ?? {}
  const last = status.lastState?.terminated
  if (previous) return idOf(last?.containerID, `previous terminated ${which} not found`)
  if (running !== undefined) return idOf(status.containerID, `${which} is not available`)
  if (terminated !== undefined)
    return idOf(terminated.containerID || last?.containerID, `${which} is terminated`)
  if (last !== undefined) return idOf(last.containerID, `${which} is terminated`)
  if (waiting === undefined) throw new NoLog(`${which} is waiting to start - no logs yet`)
  const { reason = '' } = waiting
  throw new NoLog(`${which} is waiting to start: ${WAITING[reason] ?? reason}`)
}

function statusOf(pod: Pod, name: string): Status | undefined {
  const {
    containerStatuses = [],
    initContainerStatuses = [],
    ephemeralContainerStatuses = [],
  } = pod['status'] ?? {}
  const all: Status[] = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses]
  return all.find((status) => status.name === name)
}

/** `containerd://ID` -> ID. */
function idOf(text: string | undefined, otherwise: string): string {
  const id = text?.slice(text.indexOf('://') + 3) ?? ''
  if (text === undefined || !text.includes('://') || id === '') throw new NoLog(otherwise)
  return id
}
