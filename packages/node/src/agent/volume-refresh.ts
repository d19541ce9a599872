// Keeps volumes that are written from objects up to date: at once when an object changes, and all of them once in a while,
// for tokens that near their end.

import type { Logger } from '@brume/base/log'
import type { ObjectSource, Pod } from '../contract.ts'
import type { PodSource } from '../pods/pod-source.ts'
import type { NodeVolumes } from '../volumes/pod-volumes.ts'

export interface VolumeRefreshOptions {
  volumes: Pick<NodeVolumes, 'refresh'>
  objects: Pick<ObjectSource, 'onChange'>
  pods: PodSource
  logger: Logger
}

const REFRESH_EVERY_MS = 60_000

/** The result stops it. */
export function refreshVolumes({ volumes, objects, pods, logger }: VolumeRefreshOptions): () => void {
  const refresh = (pod: Pod) =>
    volumes.refresh(pod).catch((error) => {
      const { namespace, name } = pod.metadata
      logger.warn('volumes could not be refreshed', { pod: `${namespace}/${name}`, error: String(error) })
    })
  const stopChanges = objects.onChange((uid) => {
    const pod = pods.get(uid)
    if (pod !== undefined) void refresh(pod)
  })
  const timer = setInterval(() => {
    for (const pod of pods.all()) void refresh(pod)
  }, REFRESH_EVERY_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    stopChanges()
  }
}
