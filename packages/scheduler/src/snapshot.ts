// The cluster as placement sees it: a column of numbers for each resource, a row for each node. It is kept up change by
// change; a decision reads it and changes nothing.

import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import type { NamespaceLabels } from './affinity-terms.ts'
import { factsOf, type NodeEntry, nodeEntryOf } from './node-entry.ts'
import { type CountRequest, HeldTerms, PodCounts } from './pod-counts.ts'
import { type PodInfo, podInfoOf } from './pod-info.ts'
import { NO_NODE, ReasonTable } from './reasons.ts'
import { ResourceTable } from './resource-table.ts'
import { examineNode, type StaticClass, staticClassOf } from './static-class.ts'
import { type Topology, topologyOf } from './topology.ts'
import { NO_VOLUMES, type VolumeReader } from './volumes.ts'

export interface SnapshotOptions {
  namespaceLabels?: NamespaceLabels
  volumes?: VolumeReader
}

interface Scratch {
  codes: Uint16Array
  overcommitted: Uint8Array
  candidates: Int32Array
  scores: Float64Array
}

const FIRST_CAPACITY = 16
/** Distinct demands on nodes that are remembered. */
const MAX_CLASSES = 256

export class Snapshot {
  readonly reasons = new ReasonTable()
  readonly held = new HeldTerms()
  readonly volumes: VolumeReader
  readonly namespaceLabels: NamespaceLabels
  /** By index; a node that went leaves a gap that the next one fills. */
  readonly nodes: (NodeEntry | undefined)[] = []
  readonly resources = new ResourceTable(FIRST_CAPACITY)
  capacity = FIRST_CAPACITY
  /** Room for the decision under way; what outlives it is copied. */
  scratch = scratchOf(FIRST_CAPACITY)
  readonly #byName = new Map<string, NodeEntry>()
  readonly #placed = new Map<string, { info: PodInfo; node: string }>()
  /** Pods of nodes that are not known (yet), by node. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>()
  readonly #gaps: number[] = []
  readonly #classes = new Map<string, StaticClass>()
  readonly #topologies = new Map<string, Topology>()
  readonly #counts: PodCounts
  /** How many nodes have an image, by name. */
  readonly #images = new Map<string, number>()
  /** Pods that ask for `spread`: family -> node index -> how many. */
  readonly #families = new Map<string, Map<number, number>>()

  /** `namespace/name` of claims -> pods that use them. */
  readonly #claimUsers = new Map<string, number>()

  constructor({ namespaceLabels = () => undefined, volumes = NO_VOLUMES }: SnapshotOptions = {}) {
    this.namespaceLabels = namespaceLabels
    this.volumes = volumes
    this.#counts = new PodCounts(namespaceLabels)
  }

  get knowsImages(): boolean {
    return this.#images.size > 0
  }

  nodesWithImage(name: string): number {
    return this.#images.get(name) ?? 0
  }

  get nodeCount(): number {
    return this.#byName.size
  }

  node(name: string): NodeEntry | undefined {
    return this.#byName.get(name)
  }

  /** Where the pod is bound or assumed. */
  nodeOf(uid: string): string | undefined {
    return this.#placed.get(uid)?.node
  }

  /** Adds a node or takes over its new state. False: nothing changed that placement looks at. */
  putNode(object: KubeObject): boolean {
    const known = this.#byName.get(object.metadata.name!)
    if (known === undefined) {
      this.#addNode(nodeEntryOf(this.#freeIndex(), object))
      return true
    }
    const { labels, taints, cordoned, images, strict, object: previous } = known
    Object.assign(known, factsOf(object))
    this.#countImages(images, -1)
    this.#countImages(known.images, 1)
    const roomier = strict !== known.strict || !deepEqual(allocatableOf(previous), allocatableOf(object))
    if (roomier) this.#readAllocatable(known)
    const { labels: newLabels, taints: newTaints, cordoned: newCordoned } = known
    if (deepEqual([labels, taints, cordoned], [newLabels, newTaints, newCordoned])) return roomier
    this.#topologies.clear()
    this.#examine(known)
    return true
  }

  removeNode(name: string): void {
    const node = this.#byName.get(name)
    if (node === undefined) return
    for (const info of [...node.pods.values()]) {
      this.#detach(info, node)
      this.#leaveHomeless(info, name)
    }
    this.#byName.delete(name)
    this.nodes[node.index] = undefined
    this.resources.setNode(node.index, {}, true)
    for (const known of this.#classes.values()) known.codes[node.index] = NO_NODE
    this.#topologies.clear()
    this.#countImages(node.images, -1)
    this.#gaps.push(node.index)
  }

  /** A pod that is bound (or assumed) to a node, or its new state. */
  putPod(pod: KubeObject | PodInfo, nodeName: string): void {
    const info = 'requests' in pod ? (pod as PodInfo) : podInfoOf(pod as KubeObject)
    this.removePod(info.uid)
    this.#placed.set(info.uid, { info, node: nodeName })
    const node = this.#byName.get(nodeName)
    if (node === undefined) this.#leaveHomeless(info, nodeName)
    else this.#attach(info, node)
  }

  removePod(uid: string): void {
    const placed = this.#placed.get(uid)
    if (placed === undefined) return
    this.#placed.delete(uid)
    const node = this.#byName.get(placed.node)
    if (node !== undefined) this.#detach(placed.info, node)
    else this.#homeless.get(placed.node)?.delete(uid)
  }

  /** Labels of namespaces decide whom terms mean: what was counted by them is void. */
  namespacesChanged(): void {
    this.#counts.clear()
  }

  /** By node index; shared. */
  countPods(request: CountRequest): Int32Array {
    return this.#counts.count(request, this.nodes, this.capacity)
  }

  /** Which domain of a topology key each node is in. */
  topology(key: string): Topology {
    let known = this.#topologies.get(key)
    if (known === undefined) {
      known = topologyOf(key, this.nodes, this.capacity)
      this.#topologies.set(key, known)
    }
    return known
  }

  /** Pods on nodes that use a claim, by `namespace/name`. */
  claimUsers(claim: string): number {
    return this.#claimUsers.get(claim) ?? 0
  }

  familyOn(family: string): ReadonlyMap<number, number> | undefined {
    return this.#families.get(family)
  }

  /** What the pod's own demands say of every node; remembered for pods that demand the same. */
  classOf(info: PodInfo): StaticClass {
    const spec = info.pod['spec']
    const key = JSON.stringify([
      spec.nodeName,
      spec.nodeSelector,
      spec.affinity?.nodeAffinity,
      spec.tolerations,
      info.group,
    ])
    let known = this.#classes.get(key)
    if (known === undefined) {
      known = staticClassOf(info, this.capacity)
      for (const node of this.nodes) if (node !== undefined) examineNode(known, node, this.reasons)
      this.#classes.set(key, known)
      if (this.#classes.size > MAX_CLASSES) this.#classes.delete(this.#classes.keys().next().value!)
    }
    return known
  }

  #addNode(node: NodeEntry): void {
    this.nodes[node.index] = node
    this.#byName.set(node.name, node)
    this.#topologies.clear()
    this.#readAllocatable(node)
    this.#countImages(node.images, 1)
    this.#examine(node)
    for (const info of this.#homeless.get(node.name)?.values() ?? []) this.#attach(info, node)
    this.#homeless.delete(node.name)
  }

  #examine(node: NodeEntry): void {
    for (const known of this.#classes.values()) examineNode(known, node, this.reasons)
  }

  #freeIndex(): number {
    const index = this.#gaps.pop() ?? this.nodes.length
    if (index >= this.capacity) this.#grow()
    return index
  }

  /** Twice as wide. What is remembered by index is computed anew when it is asked for. */
  #grow(): void {
    this.capacity *= 2
    this.scratch = scratchOf(this.capacity)
    this.resources.grow(this.capacity)
    this.#classes.clear()
    this.#topologies.clear()
    this.#counts.clear()
  }

  #readAllocatable({ object, index, strict }: NodeEntry): void {
    this.resources.setNode(index, allocatableOf(object), strict)
  }

  #attach(info: PodInfo, node: NodeEntry): void {
    node.pods.set(info.uid, info)
    node.ports.push(...info.ports)
    this.#change(info, node.index, 1)
  }

  #detach(info: PodInfo, node: NodeEntry): void {
    node.pods.delete(info.uid)
    for (const port of info.ports) node.ports.splice(node.ports.indexOf(port), 1)
    this.#change(info, node.index, -1)
  }

  #change(info: PodInfo, index: number, by: 1 | -1): void {
    this.resources.change(info, index, by)
    this.#counts.change(info, index, by)
    this.held.change(info, index, by)
    if (info.placement === 'spread') this.#changeFamily(info.family, index, by)
    for (const { name } of info.claims) add(this.#claimUsers, `${info.namespace}/${name}`, by)
  }

  #countImages(images: ReadonlyMap<string, number>, by: 1 | -1): void {
    for (const name of images.keys()) add(this.#images, name, by)
  }

  #changeFamily(family: string, index: number, by: number): void {
    let members = this.#families.get(family)
    if (members === undefined) {
      members = new Map()
      this.#families.set(family, members)
    }
    add(members, index, by)
    if (members.size === 0) this.#families.delete(family)
  }

  #leaveHomeless(info: PodInfo, nodeName: string): void {
    const pods = this.#homeless.get(nodeName)
    if (pods === undefined) this.#homeless.set(nodeName, new Map([[info.uid, info]]))
    else pods.set(info.uid, info)
  }
}

/** A count of zero is no entry. */
function add<K>(counts: Map<K, number>, key: K, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}

function scratchOf(capacity: number): Scratch {
  return {
    codes: new Uint16Array(capacity),
    overcommitted: new Uint8Array(capacity),
    candidates: new Int32Array(capacity),
    scores: new Float64Array(capacity),
  }
}

function allocatableOf(node: KubeObject): Record<string, string> {
  return node['status']?.allocatable ?? node['status']?.capacity ?? {}
}
