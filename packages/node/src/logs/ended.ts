// When containers have ended, for those who follow their logs. The runtime is listened to only while somebody asks.

import type { Clock } from '@brume/base/clock'
import { isCriError } from '../cri/connection.ts'
import type { Cri } from '../cri/cri.ts'
import { CONTAINER_CREATED, CONTAINER_RUNNING } from '../cri/enums.ts'
import { watchContainerEvents } from '../cri/events.ts'

/** Between a task's end and the runtime's own notice of it, when all of its output is in the log. */
const LOOK_AGAIN_MS = [20, 50, 100, 200, 500, 1000, 2000, 5000]

export interface ContainerEnds {
  /** Resolves when the container has ended and its log is complete; or never, when `signal` comes first. */
  of(containerId: string, signal: AbortSignal): Promise<void>
}

export function containerEnds(cri: Cri, clock: Clock): ContainerEnds {
  const waiting = new Set<{ containerId: string; look(): void }>()
  let stop: (() => void) | undefined
  const leave = (one: { containerId: string; look(): void }) => {
    waiting.delete(one)
    if (waiting.size > 0) return
    stop?.()
    stop = undefined
  }
  const listen = () => {
    stop ??= watchContainerEvents(cri, clock, {
      onEvent: (_, containerId) => {
        for (const one of waiting) if (one.containerId === containerId) one.look()
      },
      onGap: () => {
        for (const one of waiting) one.look()
      },
    })
  }
  return {
    of(containerId, signal) {
      return new Promise((resolve) => {
        let tries = 0
        let again = { cancel: () => {} }
        const finish = () => {
          again.cancel()
          signal.removeEventListener('abort', finish)
          leave(one)
          resolve()
        }
        const look = async () => {
          again.cancel()
          if (!waiting.has(one)) return
          if (await hasEnded(cri, containerId)) finish()
          else if (tries < LOOK_AGAIN_MS.length)
            again = clock.after(LOOK_AGAIN_MS[tries++]!, () => void look())
        }
        const one = {
          containerId,
          look: () => {
            tries = 0
            void look()
          },
        }
        if (signal.aborted) return
        signal.addEventListener('abort', finish)
        waiting.add(one)
        listen()
        // It may have ended before the runtime's events were heard.
        void look()
      })
    },
  }
}

/** A runtime that does not answer says nothing about its containers. */
async function hasEnded(cri: Cri, containerId: string): Promise<boolean> {
  try {
    const { state = CONTAINER_CREATED } = await cri.containerStatus(containerId)
    return state !== CONTAINER_CREATED && state !== CONTAINER_RUNNING
  } catch (error) {
    if (!isCriError(error)) throw error
    return error.notFound
  }
}
