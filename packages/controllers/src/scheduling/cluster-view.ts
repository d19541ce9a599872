// What the scheduler knows: the snapshot, the queue and the nominations, kept up by the events of informers.

import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import {
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  STORAGE_CLASSES,
} from '@brume/client/builtin'
import type { Source } from '@brume/client/controller'
import type { InformerHandler } from '@brume/client/informer'
import type { Informers } from '@brume/client/informers'
import type { ResourceRef } from '@brume/client/resource-ref'
import type { Nominated, Placed } from '@brume/scheduler/place'
import { type PodInfo, podInfoOf } from '@brume/scheduler/pod-info'
import { Snapshot } from '@brume/scheduler/snapshot'
import { SchedulingQueue, type WakeEvent } from './queue.ts'
import { type VolumeWait, VolumeWaits } from './volume-waits.ts'

export const SCHEDULER_NAME = 'default-scheduler'
/** The only key of the controller's queue: place whoever is next. */
export const NEXT = 'next'
const NOTHING_TAKEN: readonly string[] = []

const BUDGETS: ResourceRef = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  namespaced: true,
  kind: 'PodDisruptionBudget',
}

export class ClusterView {
  readonly queue = new SchedulingQueue()
  readonly snapshot: Snapshot
  /** By uid. */
  readonly nominated = new Map<string, Nominated>()
  readonly volumeWaits = new VolumeWaits()
  /** Bound by us, not yet seen bound: uid -> the volumes that were taken for it. */
  readonly #assumed = new Map<string, readonly string[]>()
  /** Names of volumes that are promised and not yet seen so. */
  readonly #taken = new Set<string>()
  readonly #informers: Informers

  constructor(informers: Informers) {
    this.#informers = informers
    const namespaces = informers.for(NAMESPACES).store
    const claims = informers.for(PERSISTENT_VOLUME_CLAIMS).store
    const volumes = informers.for(PERSISTENT_VOLUMES).store
    const classes = informers.for(STORAGE_CLASSES).store
    this.snapshot = new Snapshot({
      namespaceLabels: (name) => namespaces.get('', name)?.metadata.labels,
      volumes: {
        claim: (namespace, name) => claims.get(namespace, name),
        volume: (name) => volumes.get('', name),
        storageClass: (name) => classes.get('', name),
        volumes: () => volumes.list(),
        taken: this.#taken,
      },
    })
    informers.for(BUDGETS)
  }

  get budgets(): KubeObject[] {
    return this.#informers.for(BUDGETS).store.list()
  }

  /** The pod counts on its node from now on. */
  assume(info: PodInfo, { node, volumes }: Pick<Placed, 'node' | 'volumes'>): void {
    const taken = volumes?.bind.map(({ volume }) => volume.metadata.name!) ?? NOTHING_TAKEN
    this.#assumed.set(info.uid, taken)
    for (const name of taken) this.#taken.add(name)
    this.snapshot.putPod(info, node)
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid)
  }

  /** It was not bound after all. Does nothing once it was seen bound. */
  forget(uid: string): void {
    for (const name of this.#assumed.get(uid) ?? NOTHING_TAKEN) this.#taken.delete(name)
    if (this.#assumed.delete(uid)) this.snapshot.removePod(uid)
  }

  /** A pod whose wait for its claims is over. */
  takeVolumeWait(nowMs: number): { wait: VolumeWait; isBound: boolean } | undefined {
    const claims = this.#informers.for(PERSISTENT_VOLUME_CLAIMS).store
    return this.volumeWaits.take(nowMs, (key) => claims.getByKey(key))
  }

  source(): Source {
    const refs = [
      NODES,
      PODS,
      NAMESPACES,
      PERSISTENT_VOLUME_CLAIMS,
      PERSISTENT_VOLUMES,
      STORAGE_CLASSES,
      BUDGETS,
    ]
    return {
      start: (enqueue) => {
        const look = () => enqueue(NEXT)
        const volume = this.#waking('volume', look)
        const stops = [
          this.#informers.for(NODES).addHandler(this.#nodes(look)),
          this.#informers.for(NAMESPACES).addHandler(this.#namespaces(look)),
          this.#informers.for(PERSISTENT_VOLUME_CLAIMS).addHandler(this.#claims(look)),
          this.#informers.for(PERSISTENT_VOLUMES).addHandler(this.#volumes(look)),
          this.#informers.for(STORAGE_CLASSES).addHandler(volume),
          this.#informers.for(PODS).addHandler(this.#pods(look)),
        ]
        return () => {
          for (const stop of stops) stop()
        }
      },
      synced: async () => {
        await Promise.all(refs.map((ref) => this.#informers.for(ref).synced()))
      },
    }
  }

  #nodes(look: () => void): InformerHandler<KubeObject> {
    const put = (node: KubeObject) => {
      if (!this.snapshot.putNode(node)) return
      this.queue.wake('node')
      look()
    }
    return {
      add: put,
      update: put,
      delete: ({ metadata }) => {
        this.snapshot.removeNode(metadata.name!)
        this.#wake('podGone', look)
      },
    }
  }

  /** Their labels decide whom affinity means. */
  #namespaces(look: () => void): InformerHandler<KubeObject> {
    const changed = (now: KubeObject, before?: KubeObject) => {
      if (before !== undefined && deepEqual(now.metadata.labels, before.metadata.labels)) return
      this.snapshot.namespacesChanged()
      this.#wake('podCame', look)
    }
    return { add: changed, update: changed }
  }

  #claims(look: () => void): InformerHandler<KubeObject> {
    const changed = (claim: KubeObject) => {
      if (this.volumeWaits.claimChanged(claim)) look()
      this.#wake('volume', look)
    }
    return { add: changed, update: changed, delete: changed }
  }

  #volumes(look: () => void): InformerHandler<KubeObject> {
    const changed = ({ metadata, spec }: KubeObject) => {
      if (spec.claimRef !== undefined) this.#taken.delete(metadata.name!)
      this.#wake('volume', look)
    }
    return { add: changed, update: changed }
  }

  #waking(event: WakeEvent, look: () => void): InformerHandler<KubeObject> {
    const wake = () => this.#wake(event, look)
    return { add: wake, update: wake }
  }

  #pods(look: () => void): InformerHandler<KubeObject> {
    const put = (pod: KubeObject, before?: KubeObject) => {
      if (pod['spec'].nodeName) this.#bound(pod, before, look)
      else this.#unbound(pod, before, look)
    }
    return {
      add: put,
      update: put,
      delete: ({ metadata: { uid } }) => {
        for (const name of this.#assumed.get(uid!) ?? NOTHING_TAKEN) this.#taken.delete(name)
        this.#assumed.delete(uid!)
        this.#left(uid!)
        this.#gone(uid!, look)
      },
    }
  }

  #bound(pod: KubeObject, before: KubeObject | undefined, look: () => void): void {
    const uid = pod.metadata.uid!
    const wasAssumed = this.#assumed.delete(uid)
    this.#left(uid)
    if (isOver(pod)) {
      this.#gone(uid, look)
      return
    }
    const known = this.snapshot.nodeOf(uid) === pod['spec'].nodeName
    if (known && before !== undefined && (wasAssumed || isSame(pod, before))) return
    this.snapshot.putPod(pod, pod['spec'].nodeName)
    this.#wake('podCame', look)
    // It may have become smaller, or other labels may have taken it out of someone's way.
    if (before !== undefined) this.#wake('podGone', look)
  }

  #unbound(pod: KubeObject, before: KubeObject | undefined, look: () => void): void {
    const uid = pod.metadata.uid!
    if (this.#assumed.has(uid)) return
    if (!isOurs(pod)) {
      this.#left(uid)
      return
    }
    const node: string | undefined = pod['status']?.nominatedNodeName
    if (this.queue.has(uid) && before !== undefined && isSame(pod, before)) {
      this.queue.refresh(pod)
      return
    }
    const info = podInfoOf(pod)
    if (node) this.nominated.set(uid, { pod: info, node })
    this.queue.put(info)
    look()
  }

  #left(uid: string): void {
    this.queue.remove(uid)
    this.volumeWaits.remove(uid)
    this.nominated.delete(uid)
  }

  #gone(uid: string, look: () => void): void {
    if (this.snapshot.nodeOf(uid) === undefined) return
    this.snapshot.removePod(uid)
    this.#wake('podGone', look)
  }

  #wake(event: WakeEvent, look: () => void): void {
    if (this.queue.wake(event)) look()
  }
}

/** Waits for us: no gates, not leaving, not over. */
function isOurs(pod: KubeObject): boolean {
  const { schedulerName = SCHEDULER_NAME, schedulingGates = [] } = pod['spec']
  const isGated = schedulingGates.length > 0
  return (
    schedulerName === SCHEDULER_NAME &&
    !isGated &&
    pod.metadata.deletionTimestamp === undefined &&
    !isOver(pod)
  )
}

function isOver(pod: KubeObject): boolean {
  const phase = pod['status']?.phase
  return phase === 'Succeeded' || phase === 'Failed'
}

/** As far as placement looks. */
function isSame(a: KubeObject, b: KubeObject): boolean {
  return (
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    deepEqual(a.metadata.labels, b.metadata.labels) &&
    deepEqual(a.metadata.annotations, b.metadata.annotations) &&
    deepEqual(a['spec'], b['spec'])
  )
}
