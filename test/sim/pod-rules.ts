// What must never happen to a pod on a node, and what must be true of all of them in the end.

import { containerHash } from '@brume/node/containers/container'
import { CONTAINER_HASH, POD_UID } from '@brume/node/containers/names'
import type { Pod } from '@brume/node/contract'
import { containersOf, type SpecEntry } from '@brume/node/pods/records'
import type { SimulatedContainer, SimulatedRuntime } from '@brume/node/testing/simulated-runtime'

export class PodRules {
  readonly violations: string[] = []
  /** What the agent asked the API server to change. */
  writes: string[] = []
  started = 0
  readonly #runtime: SimulatedRuntime
  /** Also of those that are gone. */
  readonly #pods = new Map<string, Pod>()
  readonly #changed = new Set<string>()
  /** CONTAINER@UID -> sandboxes in which it has run. */
  readonly #runs = new Map<string, string[]>()
  readonly #restarts = new Map<string, number>()
  /** Pods whose phase was final when they were looked at. */
  readonly #over = new Set<string>()

  constructor(runtime: SimulatedRuntime) {
    this.#runtime = runtime
    runtime.onStart = (container) => this.#onStart(container)
  }

  created(pod: Pod): void {
    this.#pods.set(uidOf(pod), pod)
  }

  changed(pod: Pod): void {
    this.created(pod)
    this.#changed.add(uidOf(pod))
  }

  /** Restart counts and phases of what the API says now. */
  look(pods: readonly Pod[]): void {
    for (const pod of pods) {
      const { containerStatuses = [], initContainerStatuses = [] } = pod['status'] ?? {}
      for (const { name, restartCount } of [...containerStatuses, ...initContainerStatuses]) {
        const key = `${name}@${uidOf(pod)}`
        const before = this.#restarts.get(key) ?? 0
        if (restartCount < before) this.violations.push(`${key}: ${before} restarts became ${restartCount}`)
        this.#restarts.set(key, restartCount)
      }
    }
    this.#onlyForward(pods)
  }

  /** What is not yet as it must be when nothing happens any more. */
  unrest(pods: readonly Pod[], disk: ReadonlySet<string>): string[] {
    const known = new Map(pods.map((pod) => [uidOf(pod), pod]))
    const left = [...this.#runtime.sandboxes.values()].map(({ config }) => config.metadata?.uid ?? '')
    return [
      ...pods.flatMap((pod) => this.#unrestOf(pod)),
      ...[...left, ...disk].filter((uid) => !known.has(uid)).map((uid) => `left of ${uid}`),
      ...[...disk].filter((uid) => isFinal(known.get(uid))).map((uid) => `directories of ${uid}`),
    ]
  }

  #unrestOf(pod: Pod): string[] {
    const uid = uidOf(pod)
    const who = `${pod.metadata.name} ${uid}`
    const running = this.#runtime.running().filter((container) => podOf(container) === uid)
    if (pod.metadata.deletionTimestamp !== undefined) return [`${who} is not deleted`]
    if (isFinal(pod)) return running.length > 0 ? [`${who} is over and runs`] : []
    if (pod['status']?.phase !== 'Running') return [`${who} is ${pod['status']?.phase}`]
    if (pod['spec'].activeDeadlineSeconds !== undefined) return [`${who} has a deadline`]
    const old = running.find((container) => this.#isOutdated(container, pod))
    if (old !== undefined) return [`${who}: ${old.config.metadata?.name} runs its old image`]
    const { containerStatuses = [] } = pod['status']
    const ended = (name: string) =>
      containerStatuses.some((status: { name: string; state: { terminated?: object } }) => {
        return status.name === name && status.state.terminated !== undefined
      })
    return containersOf(pod)
      .filter(({ kind, sidecar }) => kind === 'app' || sidecar)
      .filter(({ spec: { name } }) => !running.some(({ config }) => config.metadata?.name === name))
      .filter(({ spec: { name } }) => pod['spec'].restartPolicy === 'Always' || !ended(name))
      .map(({ spec }) => `${who}: ${spec.name} does not run`)
  }

  #onStart(container: SimulatedContainer): void {
    this.started++
    const name = container.config.metadata?.name ?? ''
    const uid = podOf(container)
    const pod = this.#pods.get(uid)
    if (pod === undefined) return
    const entries = containersOf(pod)
    const index = entries.findIndex(({ spec }) => spec.name === name)
    const entry = entries[index]
    if (entry === undefined) return
    const key = `${name}@${uid}`
    const twin = this.#runtime
      .running()
      .find((one) => one.id !== container.id && podOf(one) === uid && one.config.metadata?.name === name)
    if (twin !== undefined) this.violations.push(`two of ${key} run`)
    if (this.#over.has(uid)) this.violations.push(`${key} runs after its end`)
    const runs = this.#runs.get(key) ?? []
    const once = entry.kind === 'app' && pod['spec'].restartPolicy === 'Never' && !this.#changed.has(uid)
    if (once && runs.length > 0) this.violations.push(`${key} runs a second time`)
    this.#runs.set(key, [...runs, container.sandboxId])
    for (const before of entries.slice(0, index).filter(({ kind }) => kind === 'init')) {
      if (!this.#hasPassed(before, uid, container.sandboxId)) {
        this.violations.push(`${key} runs before ${before.spec.name} has ended`)
      }
    }
  }

  #hasPassed({ spec, sidecar }: SpecEntry, uid: string, sandboxId: string): boolean {
    if (sidecar) return this.#runs.get(`${spec.name}@${uid}`)?.includes(sandboxId) === true
    return [...this.#runtime.containers.values()].some(
      (one) =>
        one.sandboxId === sandboxId &&
        one.config.metadata?.name === spec.name &&
        one.finishedAtMs > 0 &&
        one.exitCode === 0,
    )
  }

  /** A final phase stays. */
  #onlyForward(pods: readonly Pod[]): void {
    for (const pod of pods) {
      const uid = uidOf(pod)
      if (isFinal(pod)) this.#over.add(uid)
      else if (this.#over.has(uid)) this.violations.push(`${uid} came back to ${pod['status']?.phase}`)
    }
  }

  #isOutdated({ config }: SimulatedContainer, pod: Pod): boolean {
    const entry = containersOf(pod).find(({ spec }) => spec.name === config.metadata?.name)
    return entry !== undefined && config.annotations?.[CONTAINER_HASH] !== containerHash(entry.spec)
  }
}

function podOf({ config }: SimulatedContainer): string {
  return config.labels?.[POD_UID] ?? ''
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? ''
}

function isFinal(pod: Pod | undefined): boolean {
  return pod?.['status']?.phase === 'Succeeded' || pod?.['status']?.phase === 'Failed'
}
