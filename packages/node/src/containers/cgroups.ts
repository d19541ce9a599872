// The control groups of this node's pods, on every hierarchy that is mounted. A pod's group is made before its sandbox
// and removed when the pod has gone: what its containers use is counted and limited together.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '@brume/base/assert'
import type { Clock } from '@brume/base/clock'
import { type Pod, PodProblem } from '../contract.ts'
import { type CgroupValues, podCgroup, podCgroupValues, qosCgroup, qosShares } from './cgroup-config.ts'
import { childrenOf, delegateControllers, inheritCpuset, removeTree, writeValues } from './cgroup-files.ts'
import type { Hierarchy } from './hierarchies.ts'

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
  #shares = ''
  /** Directories above pods that were made here: they need no second look for each pod. */
  readonly #made = new Set<string>()

  constructor(options: PodCgroupsOptions) {
    assert(/^(\/[\w.-]+)+$/.test(options.root) && !options.root.includes('..'), 'the root is a plain path')
    this.#options = options
  }

  /** The groups of the root and of the classes. `limits`: what all pods together may have. */
  async ensureRoot(limits: CgroupValues = {}): Promise<void> {
    const { root } = this.#options
    await this.#ensure(root, limits)
    await this.updateShares([])
  }

  /** Throws PodProblem. Also after the pod was resized. */
  async ensure(pod: Pod): Promise<void> {
    const path = podCgroup(this.#options.root, pod)
    try {
      await this.#ensure(path, podCgroupValues(pod))
    } catch (cause) {
      const message = `the pod's control group ${path} could not be made: ${(cause as Error).message}`
      throw new PodProblem('FailedCreatePodContainer', message, { cause })
    }
  }

  /** What the classes weigh against each other, by the pods that are there. Cheap when nothing has changed. */
  async updateShares(pods: readonly Pod[]): Promise<void> {
    const { root } = this.#options
    const { burstable, besteffort } = qosShares(pods)
    const shares = `${burstable} ${besteffort}`
    if (shares === this.#shares) return
    await this.#ensure(qosCgroup(root, 'Burstable'), { cpuShares: burstable })
    await this.#ensure(qosCgroup(root, 'BestEffort'), { cpuShares: besteffort })
    this.#shares = shares
  }

  /** Kills what is left in it. */
  async remove(podUid: string): Promise<void> {
    assert(/^[\w-]+$/.test(podUid), `a pod's uid is a name: ${podUid}`)
    for (const dir of this.#dirs()) await removeTree(join(dir, `${POD_PREFIX}${podUid}`), this.#options.clock)
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
    this.#shares = ''
    this.#made.clear()
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
