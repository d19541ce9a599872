// What is tidied up from time to time, whether the node runs short or not.

import { delay } from '@brume/client/backoff'
import type { NodeContext } from '../contract.ts'
import { collectContainers } from '../images/container-gc.ts'
import type { ImageGc } from '../images/image-gc.ts'

export interface HousekeepingOptions {
  imageGc: ImageGc
  /** Whether anybody still serves the pod. */
  isKnown(podUid: string): boolean
}

/** The kubelet's periods. */
const CONTAINERS_EVERY_MS = 60_000
const IMAGES_EVERY = 5

/** Returns how to stop. */
export function startHousekeeping(
  context: NodeContext,
  { imageGc, isKnown }: HousekeepingOptions,
): () => Promise<void> {
  const { logger, clock } = context
  const stopping = new AbortController()
  const run = async () => {
    // From now on it is known since when an image is there, and whether it is used.
    await imageGc.observe().catch((error) => logger.debug('images were not seen', { error: String(error) }))
    for (let round = 1; !stopping.signal.aborted; round++) {
      await delay(clock, CONTAINERS_EVERY_MS, stopping.signal)
      if (stopping.signal.aborted) return
      try {
        await collectContainers(context, isKnown)
        if (round % IMAGES_EVERY === 0) await imageGc.collect()
      } catch (error) {
        // The runtime is down: it will be tidied up when it is back.
        logger.debug('nothing was tidied up', { error: String(error) })
      }
    }
  }
  const running = run()
  return async () => {
    stopping.abort()
    await running
  }
}
