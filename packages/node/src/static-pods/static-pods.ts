// Pods that are files of this node: they come, change and go with their file.

import { type FSWatcher, watch } from 'node:fs'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { KubeObject } from '@brume/api/object'
import type { Timer } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import { PODS } from '@brume/client/builtin'
import type { NodeContext, Pod } from '../contract.ts'
import { nodeSubject } from '../event-subjects.ts'
import { decideStaticPods, isMirror, type StaticAction } from './decide.ts'
import { type BadManifest, type Manifest, readManifest } from './manifest.ts'

export interface StaticPodsOptions {
  /** Pods bound to this node, as the API has them. */
  pods(): Iterable<Pod>
  /** Calls `fn` with each pod of this node that comes, changes or goes. Returns how to stop. */
  onPod(fn: (pod: Pod) => void): () => void
  /** This node's Node, which owns the mirrors. */
  node(): KubeObject | undefined
}

export interface StaticPods {
  stop(): Promise<void>
}

/** Events of a directory can be missed; the kubelet looks as often. */
const RESCAN_MS = 20_000
/** Editors write a file in several steps. */
const SETTLE_MS = 200
const SOON_MS = 2000
const MAX_FILES = 500
const MAX_BYTES = 1024 * 1024

interface Remembered {
  stamp: string
  manifest: Manifest | BadManifest
}

export function startStaticPods(context: NodeContext, options: StaticPodsOptions): StaticPods {
  const keeper = new StaticPodKeeper(context, options)
  void keeper.start()
  return keeper
}

class StaticPodKeeper implements StaticPods {
  readonly #context: NodeContext
  readonly #options: StaticPodsOptions
  readonly #files = new Map<string, Remembered>()
  readonly #stopListening: () => void
  /** What was said of each file: it is said once. */
  readonly #said = new Map<string, string>()
  #watcher: FSWatcher | undefined
  #timer: Timer | undefined
  #turn: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(context: NodeContext, options: StaticPodsOptions) {
    this.#context = context
    this.#options = options
    this.#stopListening = options.onPod((pod) => {
      if (isMirror(pod)) this.#lookIn(0)
    })
  }

  async start(): Promise<void> {
    const { dirs, logger } = this.#context
    try {
      await mkdir(dirs.manifests, { recursive: true })
      if (this.#stopped) return
      this.#watcher = watch(dirs.manifests, () => this.#lookIn(SETTLE_MS))
      this.#watcher.unref()
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch (error) {
      logger.warn('the manifests are not watched, only looked at', { error: String(error) })
    }
    this.#lookIn(0)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#stopListening()
    this.#watcher?.close()
    this.#timer?.cancel()
    await this.#turn
  }

  #lookIn(delayMs: number): void {
    if (this.#stopped) return
    this.#timer?.cancel()
    this.#timer = this.#context.clock.after(delayMs, () => {
      this.#turn = this.#turn.then(async () => {
        const isWell = await this.#look().catch((error) => {
          this.#context.logger.warn('static pods could not be looked at', { error: String(error) })
          return false
        })
        this.#lookIn(isWell ? RESCAN_MS : SOON_MS)
      })
    })
  }

  /** False: something is to be tried again soon. */
  async #look(): Promise<boolean> {
    const manifests = await this.#readAll()
    if (manifests.length === 0 && ![...this.#options.pods()].some(isMirror)) return true
    let isWell = true
    for (const action of decideStaticPods({ manifests, pods: this.#options.pods() })) {
      if (!(await this.#act(action))) isWell = false
    }
    return isWell
  }

  async #readAll(): Promise<(Manifest | BadManifest)[]> {
    const { dirs, nodeName } = this.#context
    const names = (await readdir(dirs.manifests)).filter((name) => /^[^.].*\.(ya?ml|json)$/.test(name)).sort()
    const paths = names.slice(0, MAX_FILES).map((name) => join(dirs.manifests, name))
    for (const path of this.#files.keys()) {
      if (paths.includes(path)) continue
      this.#files.delete(path)
      this.#said.delete(path)
    }
    for (const path of paths) {
      const file = await stat(path).catch(() => undefined)
      if (file === undefined) continue
      const stamp = `${file.ino}/${file.size}/${file.mtimeMs}`
      if (this.#files.get(path)?.stamp === stamp) continue
      const manifest =
        file.size > MAX_BYTES
          ? { path, problem: `it is larger than ${MAX_BYTES} bytes` }
          : readManifest(path, await readFile(path, 'utf8'), nodeName)
      this.#files.set(path, { stamp, manifest })
    }
    return [...this.#files.values()].map(({ manifest }) => manifest)
  }

  async #act(action: StaticAction): Promise<boolean> {
    if (action.type === 'say') {
      this.#say(action.path, action.problem)
      return true
    }
    const pods = this.#context.client.resource<Pod>(PODS)
    const { metadata } = action.pod
    try {
      if (action.type === 'create') return await this.#create(action)
      const { namespace = '', name = '', uid = '' } = metadata
      await pods.delete({ namespace, name }, { preconditions: { uid } })
      return true
    } catch (error) {
      // Somebody was faster; the watch will tell.
      if (isStatus(error, 'AlreadyExists') || isStatus(error, 'NotFound') || isStatus(error, 'Conflict'))
        return true
      if (action.type === 'create') this.#say(action.path, (error as Error).message)
      return false
    }
  }

  async #create({ path, pod }: Extract<StaticAction, { type: 'create' }>): Promise<boolean> {
    const node = this.#options.node()
    if (node === undefined) return false
    const { name = '', uid = '' } = node.metadata
    const owner = { apiVersion: 'v1', kind: 'Node', name, uid, controller: true }
    const metadata = { ...pod.metadata, ownerReferences: [owner] }
    await this.#context.client.resource<Pod>(PODS).create({ ...pod, metadata })
    this.#said.delete(path)
    this.#context.logger.info('a static pod was made', { file: path, pod: pod.metadata.name })
    return true
  }

  #say(path: string, problem: string): void {
    if (this.#said.get(path) === problem) return
    this.#said.set(path, problem)
    const { nodeName, event, logger } = this.#context
    const message = `The static pod in ${path} does not run: ${problem}`
    logger.warn(message)
    event(nodeSubject(nodeName), { type: 'Warning', reason: 'FailedStaticPod', message })
  }
}
