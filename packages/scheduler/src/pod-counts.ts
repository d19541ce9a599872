// How many pods of each node match: counted once when someone asks, then kept up with every pod that comes or goes.

import { type AffinityTerm, matchesPod, type NamespaceLabels, type PodMatcher } from './affinity-terms.ts'
import type { NodeEntry } from './node-entry.ts'
import type { PodInfo } from './pod-info.ts'

export interface CountRequest {
  /** All of them have to match. */
  matchers: readonly PodMatcher[]
  /** Pods that are being deleted do not count. */
  livingOnly: boolean
}

interface Counter extends CountRequest {
  counts: Int32Array
}

/** The oldest questions are forgotten beyond this. */
const MAX_COUNTERS = 128

export class PodCounts {
  readonly #counters = new Map<string, Counter>()
  readonly #namespaceLabels: NamespaceLabels

  constructor(namespaceLabels: NamespaceLabels) {
    this.#namespaceLabels = namespaceLabels
  }

  /** By node index. Shared: not to be changed. */
  count(request: CountRequest, nodes: readonly (NodeEntry | undefined)[], capacity: number): Int32Array {
    const key = request.livingOnly + request.matchers.map((matcher) => matcher.key).join()
    const known = this.#counters.get(key)
    if (known !== undefined) return known.counts
    const counter: Counter = { ...request, counts: new Int32Array(capacity) }
    for (const node of nodes) {
      for (const pod of node?.pods.values() ?? []) this.#add(counter, pod, node!.index, 1)
    }
    this.#counters.set(key, counter)
    if (this.#counters.size > MAX_COUNTERS) this.#counters.delete(this.#counters.keys().next().value!)
    return counter.counts
  }

  change(pod: PodInfo, index: number, by: 1 | -1): void {
    for (const counter of this.#counters.values()) this.#add(counter, pod, index, by)
  }

  clear(): void {
    this.#counters.clear()
  }

  #add({ matchers, livingOnly, counts }: Counter, pod: PodInfo, index: number, by: number): void {
    if (livingOnly && pod.terminating) return
    if (matchers.every((matcher) => matchesPod(matcher, pod, this.#namespaceLabels))) counts[index]! += by
  }
}

export type HeldKind = 'required' | 'requiredAnti' | 'preferred' | 'preferredAnti'

export interface HeldTerm {
  readonly kind: HeldKind
  readonly term: AffinityTerm
  /** By node index: how many pods there hold the term. */
  readonly counts: Map<number, number>
}

const KINDS: readonly HeldKind[] = ['required', 'requiredAnti', 'preferred', 'preferredAnti']

/** The affinity terms of pods that run: what they think of newcomers. Equal terms are kept once. */
export class HeldTerms {
  readonly #terms = new Map<string, HeldTerm>()
  #anti = 0

  get size(): number {
    return this.#terms.size
  }

  /** Terms that forbid. */
  get antiSize(): number {
    return this.#anti
  }

  values(): IterableIterator<HeldTerm> {
    return this.#terms.values()
  }

  change({ terms }: PodInfo, index: number, by: 1 | -1): void {
    for (const kind of KINDS) {
      for (const term of terms[kind]) this.#add(kind, term, index, by)
    }
  }

  #add(kind: HeldKind, term: AffinityTerm, index: number, by: number): void {
    const key = `${kind}${term.weight}${term.key}`
    let held = this.#terms.get(key)
    if (held === undefined) {
      held = { kind, term, counts: new Map() }
      this.#terms.set(key, held)
      if (kind === 'requiredAnti') this.#anti++
    }
    const count = (held.counts.get(index) ?? 0) + by
    if (count > 0) held.counts.set(index, count)
    else held.counts.delete(index)
    if (held.counts.size > 0) return
    this.#terms.delete(key)
    if (kind === 'requiredAnti') this.#anti--
  }
}
