// When something happened to a container: containerd's own event stream, which every version has (CRI's
// GetContainerEvents came with 1.7). Only wakes: what is true is asked of the runtime. A stream that breaks is opened
// again, and says so, because events in between are lost.

import type { Clock } from '@brume/base/clock'
import { decodeMessage } from './codec.ts'
import type { Cri } from './cri.ts'

export const EXIT = '/tasks/exit'

const TOPICS = [EXIT, '/tasks/oom', '/tasks/start', '/containers/delete']
const AGAIN_MS = 1000

export interface ContainerEvents {
  /** Of a container or of a sandbox: containerd knows both as containers. An exit is that of its first process. */
  onEvent(topic: string, containerId: string): void
  /** Events may have been missed: look at everything. */
  onGap(): void
}

/** Returns how to stop. */
export function watchContainerEvents(
  cri: Cri,
  clock: Clock,
  { onEvent, onGap }: ContainerEvents,
): () => void {
  // A slash would begin a regular expression.
  const filters = TOPICS.map((topic) => `namespace==k8s.io,topic=="${topic}"`)
  let stopped = false
  let cancel = () => {}
  const open = () => {
    if (stopped) return
    cancel = cri.connection.subscribe(
      '/containerd.services.events.v1.Events/Subscribe',
      { request: 'SubscribeRequest', answer: 'Envelope' },
      { filters },
      {
        onMessage: ({ topic = '', event }) => {
          if (event?.value === undefined) return
          const containerId = containerOf(topic, event.value)
          if (containerId !== undefined) onEvent(topic, containerId)
        },
        onEnd: () => {
          if (stopped) return
          clock.after(AGAIN_MS, open)
          onGap()
        },
      },
    )
  }
  open()
  return () => {
    stopped = true
    cancel()
  }
}

/** undefined: a process that was started in a container has ended (exec, a probe), and the container goes on. */
function containerOf(topic: string, event: Buffer): string | undefined {
  if (topic !== EXIT) return decodeMessage('TaskEvent', event).containerId
  const { containerId, id } = decodeMessage('TaskExit', event)
  return id === undefined || id === '' || id === containerId ? containerId : undefined
}
