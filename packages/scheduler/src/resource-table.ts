// What nodes have and what of it is promised: a column of numbers for each resource, a row for each node. What pods that
// ask for the same amounts make of the rows is remembered and kept up row by row, so that a decision only reads it.

import { amountOf, type PodInfo } from './pod-info.ts'
import { FITS, RESOURCES, TOO_LARGE } from './reasons.ts'

export interface Column {
  allocatable: Float64Array
  requested: Float64Array
}

/** By node index, for pods that ask for the same. */
export interface ResourceClass {
  readonly codes: Uint16Array
  /** 1 where the pod fits only by promising CPU twice. */
  readonly overcommitted: Uint8Array
  /** Least allocated and balanced, of CPU and memory. */
  readonly scores: Float64Array
}

interface Known extends ResourceClass {
  info: PodInfo
}

/** Distinct amounts that are remembered. */
const MAX_CLASSES = 64
const MAX_SCORE = 100

export class ResourceTable {
  readonly columns = new Map<string, Column>()
  podCount: Float64Array
  podLimit: Float64Array
  usualCpu: Float64Array
  usualMemory: Float64Array
  /** 1 where CPU may be promised twice. */
  #elastic: Uint8Array
  #capacity: number
  readonly #classes = new Map<string, Known>()

  constructor(capacity: number) {
    this.#capacity = capacity
    this.podCount = new Float64Array(capacity)
    this.podLimit = new Float64Array(capacity)
    this.usualCpu = new Float64Array(capacity)
    this.usualMemory = new Float64Array(capacity)
    this.#elastic = new Uint8Array(capacity)
  }

  column(resource: string): Column {
    let column = this.columns.get(resource)
    if (column === undefined) {
      const [allocatable, requested] = [new Float64Array(this.#capacity), new Float64Array(this.#capacity)]
      column = { allocatable, requested }
      this.columns.set(resource, column)
    }
    return column
  }

  /** What a node has; `{}` for one that went. */
  setNode(index: number, allocatable: Readonly<Record<string, string>>, isStrict: boolean): void {
    for (const column of this.columns.values()) column.allocatable[index] = 0
    for (const [resource, quantity] of Object.entries(allocatable)) {
      this.column(resource).allocatable[index] = amountOf(resource, quantity)
    }
    this.podLimit[index] = allocatable['pods'] === undefined ? 0 : amountOf('pods', allocatable['pods'])
    this.#elastic[index] = isStrict ? 0 : 1
    this.#examine(index)
  }

  change(info: PodInfo, index: number, by: 1 | -1): void {
    for (const [resource, amount] of info.requests) this.column(resource).requested[index]! += by * amount
    this.podCount[index]! += by
    this.usualCpu[index]! += by * info.usualCpuMillis
    this.usualMemory[index]! += by * info.usualMemoryBytes
    this.#examine(index)
  }

  /** Shared: not to be changed. */
  classOf(info: PodInfo): ResourceClass {
    const known = this.#classes.get(info.amountsKey)
    if (known !== undefined) return known
    const made: Known = {
      info,
      codes: new Uint16Array(this.#capacity),
      overcommitted: new Uint8Array(this.#capacity),
      scores: new Float64Array(this.#capacity),
    }
    for (let index = 0; index < this.#capacity; index++) this.#examineFor(made, index)
    this.#classes.set(info.amountsKey, made)
    if (this.#classes.size > MAX_CLASSES) this.#classes.delete(this.#classes.keys().next().value!)
    return made
  }

  grow(capacity: number): void {
    this.#capacity = capacity
    const wider = (of: Float64Array) => {
      const copy = new Float64Array(capacity)
      copy.set(of)
      return copy
    }
    for (const column of this.columns.values()) {
      column.allocatable = wider(column.allocatable)
      column.requested = wider(column.requested)
    }
    this.podCount = wider(this.podCount)
    this.podLimit = wider(this.podLimit)
    this.usualCpu = wider(this.usualCpu)
    this.usualMemory = wider(this.usualMemory)
    const elastic = new Uint8Array(capacity)
    elastic.set(this.#elastic)
    this.#elastic = elastic
    this.#classes.clear()
  }

  #examine(index: number): void {
    for (const known of this.#classes.values()) this.#examineFor(known, index)
  }

  /**
   * Memory and everything else is promised once. CPU of a group may be promised twice, unless the node is strict: then
   * the pod still fits, marked as overcommitted (ADR 13).
   */
  #examineFor(known: Known, index: number): void {
    const { requests } = known.info
    let code = this.podCount[index]! + 1 > this.podLimit[index]! ? RESOURCES : FITS
    let overcommitted = 0
    for (const [resource, amount] of requests) {
      const { allocatable, requested } = this.column(resource)
      const all = allocatable[index]!
      if (all - requested[index]! >= amount) continue
      if (resource === 'cpu' && all > 0 && this.#elastic[index] === 1) overcommitted = 1
      else code = amount > all ? TOO_LARGE : RESOURCES
    }
    known.codes[index] = code
    known.overcommitted[index] = overcommitted
    known.scores[index] = this.#scoreFor(known.info, index)
  }

  #scoreFor({ requests, usualCpuMillis, usualMemoryBytes }: PodInfo, index: number): number {
    const cpu = this.column('cpu')
    const memory = this.column('memory')
    const cpuAll = cpu.allocatable[index]!
    const memoryAll = memory.allocatable[index]!
    const free =
      freeScore(cpuAll, this.usualCpu[index]! + usualCpuMillis) +
      freeScore(memoryAll, this.usualMemory[index]! + usualMemoryBytes)
    if (cpuAll === 0 || memoryAll === 0) return free + MAX_SCORE
    let [ownCpu, ownMemory] = [0, 0]
    for (const [resource, amount] of requests) {
      if (resource === 'cpu') ownCpu = amount
      else if (resource === 'memory') ownMemory = amount
    }
    const cpuPart = Math.min(1, (cpu.requested[index]! + ownCpu) / cpuAll)
    const memoryPart = Math.min(1, (memory.requested[index]! + ownMemory) / memoryAll)
    const deviation = Math.abs(cpuPart - memoryPart) / 2
    return Math.floor(free / 2) + Math.floor((1 - deviation) * MAX_SCORE)
  }
}

function freeScore(all: number, used: number): number {
  return all === 0 || used > all ? 0 : Math.floor(((all - used) * MAX_SCORE) / all)
}
