// The volumes of this node's pods. What is made is found again on the disk and in the kernel's mounts; in memory is only
// what can be made again. Calls for one pod run one after another.

import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, realpath } from 'node:fs/promises'
import { type Json, listOf } from '@brume/api/validate/json'
import { mountsBelow } from '@brume/machine/mounts'
import { removeTree } from '@brume/machine/remove-tree'
import { configProblem } from '../containers/config-problem.ts'
import type { NodeSettings } from '../containers/settings.ts'
import {
  type ContainerSpec,
  type MountRequest,
  type NodeContext,
  type ObjectSource,
  type Pod,
  PodProblem,
  type PodVolumes,
} from '../contract.ts'
import type { Device, Mount } from '../cri/cri.ts'
import { containerDevices, containerMounts } from './container-mounts.ts'
import { mountTmpfs, unmount } from './mounts.ts'
import { IN_MEMORY, memoryRoot, podDir, podMemoryDir } from './paths.ts'
import { payloadPlugin } from './payload-of.ts'
import { type ReadyVolume, readyVolume, refreshVolume, type VolumeContext } from './ready-volume.ts'
import { PodTokens } from './tokens.ts'
import { volumeProblem } from './volume-error.ts'

export interface NodeVolumesOptions {
  context: Pick<NodeContext, 'client' | 'clock' | 'logger' | 'dirs'>
  settings: NodeSettings
  objects: ObjectSource
}

export class NodeVolumes implements PodVolumes {
  readonly #options: NodeVolumesOptions
  readonly #tokens: PodTokens
  readonly #ready = new Map<string, Map<string, ReadyVolume>>()
  readonly #written = new Map<string, Map<string, string>>()
  readonly #turns = new Map<string, Promise<unknown>>()
  #memory: Promise<void> | undefined

  constructor(options: NodeVolumesOptions) {
    this.#options = options
    this.#tokens = new PodTokens(options.context)
  }

  ensure(pod: Pod): Promise<void> {
    return this.#inTurn(pod.metadata.uid ?? '', async () => {
      await this.#ensure(pod)
    })
  }

  refresh(pod: Pod): Promise<void> {
    const { dirs } = this.#options.context
    return this.#inTurn(pod.metadata.uid ?? '', async () => {
      const written = listOf(pod['spec'].volumes).filter((volume) => payloadPlugin(volume) !== undefined)
      // A pod whose volumes were not made, or have gone already, gets none by this way.
      if (written.length === 0 || !existsSync(podDir(dirs, pod.metadata.uid ?? ''))) return
      const context = this.#contextOf(pod)
      if (written.some(isInMemory)) await named('(all)', () => this.#ensureMemory())
      for (const volume of written) {
        await named(volume.name, () => refreshVolume(volume, context))
      }
    })
  }

  mountsOf(request: MountRequest): Promise<Mount[]> {
    const { context, settings } = this.#options
    const { pod } = request
    const uid = pod.metadata.uid ?? ''
    return this.#inTurn(uid, async () => {
      const ready = this.#ready.get(uid) ?? (await this.#ensure(pod, true))
      try {
        return await containerMounts(request, ready, { ...context, settings })
      } catch (cause) {
        if (cause instanceof PodProblem) throw cause
        const message = `the mounts of container ${JSON.stringify(request.container.name)} could not be made: ${(cause as Error).message}`
        throw configProblem(message, cause)
      }
    })
  }

  devicesOf(pod: Pod, container: ContainerSpec): Promise<Device[]> {
    const uid = pod.metadata.uid ?? ''
    return this.#inTurn(uid, async () =>
      containerDevices(container, this.#ready.get(uid) ?? (await this.#ensure(pod, true))),
    )
  }

  remove(podUid: string): Promise<void> {
    const { dirs } = this.#options.context
    return this.#inTurn(podUid, async () => {
      this.#tokens.forget(podUid)
      this.#ready.delete(podUid)
      this.#written.delete(podUid)
      for (const dir of [podDir(dirs, podUid), podMemoryDir(dirs, podUid)]) await removeDir(dir)
    })
  }

  async known(): Promise<string[]> {
    const { dirs } = this.#options.context
    const names = await Promise.all([dirs.pods, memoryRoot(dirs)].map(namesIn))
    return [...new Set(names.flat())]
  }

  /** What is left when no pod is left: the memory that all of them shared. */
  async removeAll(): Promise<void> {
    const { dirs } = this.#options.context
    for (const uid of await this.known()) await this.remove(uid)
    this.#memory = undefined
    await removeDir(memoryRoot(dirs))
  }

  /** `again`: they were made before, by an agent before this one. */
  async #ensure(pod: Pod, again = false): Promise<Map<string, ReadyVolume>> {
    const uid = pod.metadata.uid ?? ''
    const context = { ...this.#contextOf(pod), again }
    const volumes = listOf(pod['spec'].volumes)
    const own = podDir(context.dirs, uid)
    await named('(all)', async () => {
      await mkdir(own, { recursive: true, mode: 0o750 })
      if (volumes.some(isInMemory)) await this.#ensureMemory()
    })
    const ready = new Map<string, ReadyVolume>()
    for (const volume of volumes) {
      ready.set(volume.name, await named(volume.name, () => readyVolume(volume, context)))
    }
    this.#ready.set(uid, ready)
    return ready
  }

  #contextOf(pod: Pod): VolumeContext {
    const { context, settings, objects } = this.#options
    const uid = pod.metadata.uid ?? ''
    const written = this.#written.get(uid) ?? new Map<string, string>()
    this.#written.set(uid, written)
    return { ...context, pod, settings, objects, tokens: this.#tokens, written }
  }

  /** Once for each agent; a try that failed is made again. */
  #ensureMemory(): Promise<void> {
    this.#memory ??= this.#mountMemory().catch((error) => {
      this.#memory = undefined
      throw error
    })
    return this.#memory
  }

  async #mountMemory(): Promise<void> {
    const { dirs, logger } = this.#options.context
    const dir = memoryRoot(dirs)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await chmod(dir, 0o700)
    if (process.getuid?.() !== 0) {
      logger.warn('secrets of pods are kept on the disk: only root can mount memory', { dir })
      return
    }
    if (mountsBelow(await realpath(dir)).length === 0) await mountTmpfs(dir, ['mode=0700'])
  }

  /** After what was begun before for the same pod, whether that went well or not. */
  async #inTurn<T>(uid: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(uid) ?? Promise.resolve()).then(work, work)
    this.#turns.set(uid, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(uid) === turn) this.#turns.delete(uid)
    }
  }
}

function isInMemory(volume: Json): boolean {
  const plugin = payloadPlugin(volume)
  return plugin !== undefined && IN_MEMORY.includes(plugin)
}

async function named<T>(volume: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw volumeProblem(volume, cause)
  }
}

/** Never what is mounted there: that would be other people's files. */
async function removeDir(dir: string): Promise<void> {
  const real = await realpath(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (real === undefined) return
  for (const { path } of mountsBelow(real)) await unmount(path)
  const left = mountsBelow(real)
  if (left.length > 0) throw new Error(`${left[0]!.path} is still mounted`)
  await removeTree(real)
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
