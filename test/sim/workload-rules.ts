// What must never be, and what must come to be, of a cloud with workloads: read from the store itself and from what the
// nodes run.

import type { KubeObject } from '@brume/api/object'
import { STRICT } from '@brume/api/placement'
import { podInfoOf } from '@brume/scheduler/pod-info'
import type { Store, StoreEvent } from '@brume/store/contract'
import type { Fleet } from './fleet.ts'

const KINDS = [
  'pods',
  'nodes',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
] as const
type Kind = (typeof KINDS)[number]

type Amounts = Map<string, number>

export class WorkloadRules {
  readonly violations: string[] = []
  readonly #objects = new Map<Kind, Map<string, KubeObject>>(KINDS.map((kind) => [kind, new Map()]))
  /** Node -> what the pods that are bound there and not over ask for. */
  readonly #promised = new Map<string, Amounts>()

  constructor(store: Store) {
    for (const kind of KINDS) {
      const onEvents = (events: readonly StoreEvent[]) => {
        for (const event of events) this.#take(kind, event)
      }
      store.watch({ prefix: `${kind}/`, after: store.revision, onEvents })
    }
  }

  objects(kind: Kind): KubeObject[] {
    return [...this.#objects.get(kind)!.values()]
  }

  /** Called as time passes: two pods of one ordinal never run at once, wherever. */
  checkRunning(fleet: Fleet): void {
    const names = new Map<string, string>()
    for (const [uid, { pod, node }] of fleet.running) {
      if (pod.metadata.ownerReferences?.[0]?.kind !== 'StatefulSet') continue
      const other = names.get(pod.metadata.name!)
      if (other !== undefined)
        this.violations.push(`${pod.metadata.name} runs twice: ${other}, ${uid} on ${node}`)
      names.set(pod.metadata.name!, `${uid} on ${node}`)
    }
  }

  /** What is not yet as it was asked for; empty: all is well. */
  unfinished(fleet: Fleet): string[] {
    const left: string[] = []
    const pods = this.objects('pods')
    const byOwner = new Map<string, KubeObject[]>()
    for (const pod of pods) {
      const { deletionTimestamp, name, ownerReferences } = pod.metadata
      const phase = pod['status']?.phase
      if (deletionTimestamp !== undefined) left.push(`${name} does not go`)
      else if (!pod['spec'].nodeName && phase !== 'Failed') left.push(`${name} has no node: ${wordOf(pod)}`)
      else if (phase === 'Running' && !fleet.running.has(pod.metadata.uid!)) left.push(`${name} does not run`)
      const owner = ownerReferences?.find(({ controller }) => controller)?.uid
      if (owner !== undefined) byOwner.set(owner, [...(byOwner.get(owner) ?? []), pod])
    }
    for (const deployment of this.objects('deployments.apps')) {
      const { replicas, updatedReplicas, readyReplicas = 0 } = deployment['status'] ?? {}
      const wanted = deployment['spec'].replicas
      const isThere =
        wanted === readyReplicas && (replicas ?? 0) === wanted && (updatedReplicas ?? 0) === wanted
      if (!isThere || !isObserved(deployment))
        left.push(`deployment ${deployment.metadata.name} is not there`)
    }
    for (const set of this.objects('statefulsets.apps')) {
      const own = byOwner.get(set.metadata.uid!) ?? []
      const wanted = Array.from({ length: set['spec'].replicas }, (_, n) => `${set.metadata.name}-${n}`)
      const image = set['spec'].template.spec.containers[0].image
      const good = own.filter(
        ({ spec, status }) => status.phase === 'Running' && spec.containers[0].image === image,
      )
      const names = good.map(({ metadata }) => metadata.name!).sort()
      if (own.length !== wanted.length || names.join() !== wanted.sort().join()) {
        left.push(`stateful set ${set.metadata.name} has ${names.join() || 'nothing'}`)
      }
    }
    for (const set of this.objects('daemonsets.apps')) {
      const { desiredNumberScheduled = 0, numberReady = 0 } = set['status'] ?? {}
      const nodes = this.objects('nodes').length
      if (desiredNumberScheduled !== nodes || numberReady !== nodes) {
        left.push(`daemon set ${set.metadata.name} has ${numberReady} of ${nodes}`)
      }
    }
    for (const job of this.objects('jobs.batch')) {
      const isComplete = job['status']?.conditions?.some(({ type }: { type: string }) => type === 'Complete')
      if (!isComplete) left.push(`job ${job.metadata.name} is not complete`)
    }
    return left
  }

  #take(kind: Kind, { type, entry }: StoreEvent): void {
    const objects = this.#objects.get(kind)!
    const before = objects.get(entry.key)
    if (type === 'delete') objects.delete(entry.key)
    else objects.set(entry.key, JSON.parse(entry.value.toString()) as KubeObject)
    if (kind !== 'pods') return
    const now = objects.get(entry.key)
    this.#count(before, -1)
    const node = this.#count(now, 1)
    if (node !== undefined && nodeOf(before) !== node) this.#checkLimits(node, now!)
  }

  /** The node where it counts. */
  #count(pod: KubeObject | undefined, by: 1 | -1): string | undefined {
    const node = nodeOf(pod)
    if (node === undefined) return undefined
    const promised = this.#promised.get(node) ?? new Map<string, number>()
    this.#promised.set(node, promised)
    for (const [resource, amount] of [...podInfoOf(pod!).requests, ['pods', 1] as const]) {
      promised.set(resource, (promised.get(resource) ?? 0) + by * amount)
    }
    return node
  }

  #checkLimits(name: string, pod: KubeObject): void {
    const node = this.#objects.get('nodes')!.get(`nodes/${name}`)
    if (node === undefined) return
    const { allocatable } = node['status']
    const isStrict = node.metadata.labels?.[STRICT] === 'true'
    const limits: [string, number][] = [
      ['memory', Number.parseInt(allocatable.memory, 10) * 1024 ** 3],
      ['pods', Number(allocatable.pods)],
      ...(isStrict ? [['cpu', Number(allocatable.cpu) * 1000] as [string, number]] : []),
    ]
    for (const [resource, most] of limits) {
      const promised = this.#promised.get(name)?.get(resource) ?? 0
      if (promised > most)
        this.violations.push(`${pod.metadata.name} puts ${name} over its ${resource}: ${promised} of ${most}`)
    }
  }
}

/** Where a pod takes room. */
function nodeOf(pod: KubeObject | undefined): string | undefined {
  const phase = pod?.['status']?.phase
  if (pod === undefined || phase === 'Succeeded' || phase === 'Failed') return undefined
  return pod['spec'].nodeName || undefined
}

function isObserved({ metadata, status }: KubeObject): boolean {
  return status?.observedGeneration === metadata.generation
}

/** What the scheduler said. */
function wordOf({ status }: KubeObject): string {
  const found = status?.conditions?.find(({ type }: { type: string }) => type === 'PodScheduled')
  return found?.message ?? 'nothing was said'
}
