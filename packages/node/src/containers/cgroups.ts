// The control groups of this node's pods, on every hierarchy that is mounted. A pod's group is made before its sandbox
// and removed when the pod has gone: what its containers use is counted and limited together.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '@brume/base/assert'
import type { Clock } from '@brume/base/clock'
import { type Pod, PodProblem } from '../contract.ts'
import { type CgroupValues, podCgroup, podCgroupValues, qosCgroup } from './cgroup-config.ts'
import {
  childrenOf,
  delegateControllers,
  inheritCpuset,
  readShares,
  removeTree,
  writeValues,
} from './cgroup-files.ts'
import type { Hierarchy } from './hierarchies.ts'
import { qosOf } from './qos.ts'
import { MAX_SHARES, MIN_SHARES } from './resources.ts'

const CLASSES = ['Guaranteed', 'Burstable', 'BestEffort'] as const
const POD_PREFIX = 'pod'

export interface PodCgroupsOptions {
  hierarchies: readonly Hierarchy[]
  /** CgroupSettings.root. */
  root: string
  clock: Clock
}

/** All calls are idempotent. */
export class PodCgroups {
  readonly #options: PodCgroupsOptions
  /** Of burstable pods, by UID. */
  readonly #shares = new Map<string, number>()
  #sharesWritten: Promise<void> = Promise.resolve()
  /** Directories above pods that were made here: they need no second look for each pod. */
  readonly #made = new Set<string>()

  constructor(options: PodCgroupsOptions) {
    assert(/^(\/[\w.-]+)+$/.test(options.root) && !options.root.includes('..'), 'the root is a plain path')
    this.#options = options
  }

  /** The groups of the root and of the classes. `limits`: what all pods together may have, and weigh on the machine. */
  async ensureRoot(limits: CgroupValues = {}): Promise<void> {
    const { root } = this.#options
    // The weight counts beside the machine's other processes, and so at the top.
    await this.#ensure(`/${root.split('/')[1]}`, { cpuShares: limits.cpuShares })
    await this.#ensure(root, limits)
    await this.#ensure(qosCgroup(root, 'BestEffort'), { cpuShares: MIN_SHARES })
    await this.#ensure(qosCgroup(root, 'Burstable'), {})
    await this.#recallShares()
    await this.#writeShares()
  }

  /** Throws PodProblem. Also after the pod was resized. */
  async ensure(pod: Pod): Promise<void> {
    const path = podCgroup(this.#options.root, pod)
    const values = podCgroupValues(pod)
    try {
      await this.#ensure(path, values)
      if (qosOf(pod) === 'Burstable') await this.#weigh(pod.metadata.uid ?? '', values.cpuShares)
    } catch (cause) {
      const message = `the pod's control group ${path} could not be made: ${(cause as Error).message}`
      throw new PodProblem('FailedCreatePodContainer', message, { cause })
    }
  }

  /** Kills what is left in it. */
  async remove(podUid: string): Promise<void> {
    assert(/^[\w-]+$/.test(podUid), `a pod's uid is a name: ${podUid}`)
    for (const dir of this.#dirs()) await removeTree(join(dir, `${POD_PREFIX}${podUid}`), this.#options.clock)
    await this.#weigh(podUid, undefined)
  }

  /** UIDs of the pods that have a group. */
  async known(): Promise<string[]> {
    const uids = new Set<string>()
    for (const dir of this.#dirs()) {
      for (const name of (await childrenOf(dir)) ?? []) {
        if (name.startsWith(POD_PREFIX)) uids.add(name.slice(POD_PREFIX.length))
      }
    }
    return [...uids]
  }

  /** Everything below the root, and the root. Kills all pods. */
  async removeRoot(): Promise<void> {
    const { hierarchies, root, clock } = this.#options
    for (const { path } of hierarchies) await removeTree(join(path, root), clock)
    this.#shares.clear()
    this.#made.clear()
  }

  /** Burstable pods weigh against other classes what they ask for together (pkg/kubelet/cm, qos_container_manager). */
  async #weigh(podUid: string, shares: number | undefined): Promise<void> {
    if (this.#shares.get(podUid) === shares) return
    if (shares === undefined) this.#shares.delete(podUid)
    else this.#shares.set(podUid, shares)
    await this.#writeShares()
  }

  /** One write after another, each with what holds by then. */
  #writeShares(): Promise<void> {
    const write = () => {
      const sum = [...this.#shares.values()].reduce((total, shares) => total + shares, 0)
      const cpuShares = Math.min(MAX_SHARES, Math.max(MIN_SHARES, sum))
      return this.#ensure(qosCgroup(this.#options.root, 'Burstable'), { cpuShares })
    }
    this.#sharesWritten = this.#sharesWritten.then(write, write)
    return this.#sharesWritten
  }

  /** Of the pods of an agent before this one. */
  async #recallShares(): Promise<void> {
    const { hierarchies, root } = this.#options
    const cpu = hierarchies.find(({ controllers }) => controllers.includes('cpu'))
    if (cpu === undefined) return
    const dir = join(cpu.path, qosCgroup(root, 'Burstable'))
    for (const name of (await childrenOf(dir)) ?? []) {
      if (!name.startsWith(POD_PREFIX)) continue
      const shares = await readShares(cpu, join(dir, name))
      if (shares !== undefined) this.#shares.set(name.slice(POD_PREFIX.length), shares)
    }
  }

  /** Where pods are, of all classes on all hierarchies. */
  #dirs(): string[] {
    const { hierarchies, root } = this.#options
    return hierarchies.flatMap(({ path }) => CLASSES.map((qos) => join(path, qosCgroup(root, qos))))
  }

  async #ensure(path: string, values: CgroupValues): Promise<void> {
    await Promise.all(this.#options.hierarchies.map((hierarchy) => this.#ensureIn(hierarchy, path, values)))
  }

  async #ensureIn(hierarchy: Hierarchy, path: string, values: CgroupValues): Promise<void> {
    const { version, controllers, path: mount } = hierarchy
    const names = path.split('/').filter((name) => name !== '')
    let dir = mount
    for (const [i, name] of names.entries()) {
      const above = dir
      dir = join(dir, name)
      if (this.#made.has(dir) && i < names.length - 1) continue
      if (version === 2) await delegateControllers(above)
      await mkdir(dir, { recursive: true })
      if (version === 1 && controllers.includes('cpuset')) await inheritCpuset(dir)
      if (i < names.length - 1) this.#made.add(dir)
    }
    if (version === 2) await delegateControllers(dir)
    await writeValues(hierarchy, dir, values)
  }
}
