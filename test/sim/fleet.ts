// Many nodes without machines: one client acts for the agents of all of them. A node runs a pod from when it starts it
// until it has stopped it, whatever the API says meanwhile; what runs is what the rules look at.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import type { SeededRandom } from '@brume/base/seeded-random'
import { LEASES, NODES, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { Informer } from '@brume/client/informer'
import { isReady } from '@brume/controllers/pod-control/pod-state'
import { podInfoOf } from '@brume/scheduler/pod-info'
import type { SimClock } from './sim-clock.ts'

export interface FleetOptions {
  clock: SimClock
  random: SeededRandom
  /** May fail. */
  client: Client
  /** Does not fail. */
  reliable: Client
  nodes: readonly KubeObject[]
  /** Of each node. */
  leaseSeconds: number
  /** Of a pod that starts: that it is thrown out instead. Changed while it runs. */
  chances: { evict: number }
}

const LEASE_NAMESPACE = 'kube-node-lease'
const READY = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' }
const START_MS = 3_000
const STOP_MS = 5_000
const WORK_MS = 20_000
const RETRY_MS = 1_000
const CREATE_AT_ONCE = 50

export interface Running {
  pod: KubeObject
  node: string
}

export class Fleet {
  /** By pod uid. */
  readonly running = new Map<string, Running>()
  readonly #options: FleetOptions
  /** How pods ended, by uid: what an agent has decided once stands. */
  readonly #verdicts = new Map<string, object>()
  readonly #pods: Informer
  readonly #nodes: Informer
  /** Uids with a step ahead of them or under way: an agent's writes about one pod never overtake each other. */
  readonly #busy = new Set<string>()
  /** Of these, those that are to be looked at once more. */
  readonly #again = new Set<string>()
  /** Jobs' pods at work. */
  readonly #working = new Set<string>()
  #isStopped = false

  constructor(options: FleetOptions) {
    this.#options = options
    const { client, clock, random } = options
    const shared = { clock, random: () => random.next(), logger: silentLogger }
    this.#pods = new Informer({ resource: client.resource(PODS), ...shared })
    this.#nodes = new Informer({ resource: client.resource(NODES), ...shared })
    const look = ({ metadata }: KubeObject) => this.#later(metadata.uid!, START_MS)
    this.#pods.addIndex('uid', ({ metadata }) => [metadata.uid!])
    this.#pods.addHandler({ add: look, update: look, delete: look })
  }

  async start(): Promise<void> {
    const { nodes, reliable, clock, leaseSeconds, random } = this.#options
    for (let from = 0; from < nodes.length; from += CREATE_AT_ONCE) {
      await Promise.all(
        nodes.slice(from, from + CREATE_AT_ONCE).map(async (node) => {
          await reliable.resource(NODES).create(node)
          await reliable.resource(LEASES).create(this.#lease(node.metadata.name!))
        }),
      )
    }
    for (const { metadata } of nodes) {
      const beat = () => {
        if (this.#isStopped) return
        void this.#renew(metadata.name!)
        clock.after(leaseSeconds * 1000, beat)
      }
      clock.after(random.below(leaseSeconds * 1000), beat)
    }
    this.#pods.start()
    this.#nodes.start()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([this.#pods.stop(), this.#nodes.stop()])
  }

  #lease(name: string): KubeObject {
    const renewTime = `${formatTime(this.#options.clock.now()).replace('Z', '')}.000000Z`
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: LEASE_NAMESPACE },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime },
    }
  }

  async #renew(name: string): Promise<void> {
    const { spec } = this.#lease(name)
    const key = { namespace: LEASE_NAMESPACE, name }
    const { client, clock } = this.#options
    await this.#try(() => client.resource(LEASES).patch(key, { type: 'merge', body: { spec } }))
    const node = this.#nodes.store.get('', name)
    if (node === undefined || isReady(node)) return
    // It was not heard of for a while.
    const now = formatTime(clock.now())
    const condition = { ...READY, lastHeartbeatTime: now, lastTransitionTime: now }
    const patch = { type: 'strategic' as const, body: { status: { conditions: [condition] } } }
    await this.#try(() => client.resource(NODES).patch({ name }, { ...patch, subresource: 'status' }))
  }

  #later(uid: string, mostMs: number): void {
    if (this.#isStopped) return
    if (this.#busy.has(uid)) {
      this.#again.add(uid)
      return
    }
    this.#busy.add(uid)
    const { clock, random } = this.#options
    clock.after(random.below(mostMs) + 1, async () => {
      await this.#step(uid)
      this.#busy.delete(uid)
      if (this.#again.delete(uid)) this.#later(uid, RETRY_MS)
    })
  }

  /** One thing, by what the agent knows now. What fails is tried again. */
  async #step(uid: string): Promise<void> {
    const pod = this.#pods.store.byIndex('uid', uid)[0]
    const runs = this.running.has(uid)
    if (pod === undefined) {
      this.running.delete(uid)
      this.#verdicts.delete(uid)
      return
    }
    const { nodeName } = pod['spec']
    const phase = pod['status']?.phase
    if (!nodeName) return
    if (pod.metadata.deletionTimestamp !== undefined) return this.#end(pod, runs)
    if (phase === 'Succeeded' || phase === 'Failed') {
      this.running.delete(uid)
      return
    }
    const verdict = this.#verdicts.get(uid)
    if (verdict !== undefined) return this.#report(pod, verdict)
    if (!runs) return this.#begin(pod, nodeName)
    // Also one that was said to be unready while its node was not heard of.
    if (phase === 'Pending' || !isReady(pod)) return this.#report(pod, this.#runningStatus())
    // Of Jobs: their work is done after a while.
    if (pod['spec'].restartPolicy === 'Never') this.#finish(pod)
  }

  async #begin(pod: KubeObject, node: string): Promise<void> {
    const { random, chances } = this.#options
    const uid = pod.metadata.uid!
    if (random.chance(chances.evict) || !this.#hasRoom(pod, node)) {
      return this.#conclude(pod, { phase: 'Failed', reason: 'Evicted', message: 'the node has no room' })
    }
    this.running.set(uid, { pod, node })
    return this.#report(pod, this.#runningStatus())
  }

  /** As a kubelet looks before it takes a pod. */
  #hasRoom(pod: KubeObject, node: string): boolean {
    const known = this.#options.nodes.find(({ metadata }) => metadata.name === node)
    if (known === undefined) return false
    const memory = (of: KubeObject) => podInfoOf(of).requests.find(([name]) => name === 'memory')?.[1] ?? 0
    let used = memory(pod)
    for (const other of this.running.values()) if (other.node === node) used += memory(other.pod)
    const all = Number.parseInt(known['status'].allocatable.memory, 10) * 1024 ** 3
    return used <= all
  }

  #runningStatus(): object {
    const now = formatTime(this.#options.clock.now())
    const conditions = ['Initialized', 'Ready', 'ContainersReady'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: now,
    }))
    return { phase: 'Running', startTime: now, conditions }
  }

  #finish({ metadata }: KubeObject): void {
    const uid = metadata.uid!
    if (this.#working.has(uid)) return
    this.#working.add(uid)
    const { clock, random } = this.#options
    clock.after(random.below(WORK_MS) + 1, () => {
      this.#working.delete(uid)
      this.running.delete(uid)
      this.#verdicts.set(uid, { phase: 'Succeeded' })
      this.#later(uid, RETRY_MS)
    })
  }

  #conclude(pod: KubeObject, status: object): Promise<void> {
    this.#verdicts.set(pod.metadata.uid!, status)
    return this.#report(pod, status)
  }

  async #end(pod: KubeObject, runs: boolean): Promise<void> {
    const uid = pod.metadata.uid!
    if (runs) {
      this.running.delete(uid)
      this.#later(uid, STOP_MS)
      return
    }
    const { namespace, name } = pod.metadata
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    const key = { namespace: namespace!, name: name! }
    const done = await this.#try(() => this.#options.client.resource(PODS).delete(key, options))
    if (!done) this.#later(uid, RETRY_MS)
  }

  async #report(pod: KubeObject, status: object): Promise<void> {
    const { namespace, name, uid } = pod.metadata
    const body = { metadata: { uid }, status }
    const key = { namespace: namespace!, name: name! }
    const patch = { type: 'strategic' as const, body, subresource: 'status' }
    const done = await this.#try(() => this.#options.client.resource(PODS).patch(key, patch))
    if (!done) this.#later(uid!, RETRY_MS)
  }

  /** False: it has to be tried again, or is overtaken, which its next event tells. */
  async #try(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call()
      return true
    } catch {
      return false
    }
  }
}
