// Ends all pods of a data directory in order, then what is left of their runtime. Images stay.

import { isCriError } from '../cri/connection.ts'
import { type Cri, connectCri } from '../cri/cri.ts'
import { CONTAINER_RUNNING } from '../cri/enums.ts'
import { findLaunched } from './launch.ts'
import { runtimePaths } from './paths.ts'
import { removeRuntime } from './remove.ts'

export interface StopOptions {
  dataDir: string
  /** Between SIGTERM and SIGKILL, for every container at once. */
  graceSeconds: number
}

/** Gives the number of pods that were stopped. Nothing running is no error. Throws RuntimeError. */
export async function stopWorkloads({ dataDir, graceSeconds }: StopOptions): Promise<number> {
  const paths = runtimePaths(dataDir)
  let stopped = 0
  if (findLaunched(paths) !== undefined) {
    const cri = connectCri(paths.socket)
    try {
      stopped = await stopPods(cri, graceSeconds)
    } catch (error) {
      // A runtime that does not answer ends its containers the hard way, below.
      if (!isCriError(error)) throw error
    } finally {
      cri.close()
    }
  }
  await removeRuntime({ dataDir, images: false })
  return stopped
}

async function stopPods(cri: Cri, graceSeconds: number): Promise<number> {
  const containers = await cri.listContainers()
  const running = containers.filter(({ state }) => state === CONTAINER_RUNNING)
  await Promise.allSettled(running.map(({ id }) => cri.stopContainer(id!, graceSeconds)))
  const sandboxes = await cri.listPodSandboxes()
  await Promise.allSettled(
    sandboxes.map(async ({ id }) => {
      await cri.stopPodSandbox(id!)
      await cri.removePodSandbox(id!)
    }),
  )
  return sandboxes.length
}
