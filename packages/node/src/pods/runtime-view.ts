// What the runtime has of one pod, as records. What cannot change any more is asked for once: an exited container's
// status, and a ready sandbox's addresses.

import type { Clock } from '@brume/base/clock'
import { CONTAINER_HASH, POD_UID } from '../containers/names.ts'
import { isCriError } from '../cri/connection.ts'
import type { Container, ContainerStatus, Cri, Sandbox } from '../cri/cri.ts'
import { CONTAINER_CREATED, CONTAINER_EXITED, CONTAINER_RUNNING, SANDBOX_READY } from '../cri/enums.ts'
import type { ContainerRecord, RunState, SandboxRecord } from './records.ts'
import { readTerminationMessage } from './termination-message.ts'

const NS_PER_MS = 1_000_000
/** How long answers may be behind events: so many looks, so far apart. */
const MAX_LOOKS = 40
const BEHIND_MS = 25
/** Also of containers that are nobody's here. */
const MAX_ENDED = 1000

export interface RuntimeView {
  sandboxes: SandboxRecord[]
  containers: ContainerRecord[]
}

export class RuntimeViews {
  readonly #cri: Cri
  readonly #clock: Clock
  readonly #ended = new Set<string>()
  readonly #exited = new Map<string, ContainerRecord>()
  readonly #ips = new Map<string, string[]>()
  /** What each pod's containers and sandboxes were when they were last looked at. */
  readonly #seen = new Map<string, string>()
  /** Pods of which the runtime may have anything: those that it had at the first list, and those looked at since. */
  #known: Set<string> | undefined
  /** Containers and sandboxes by id, so that events find their pod. */
  readonly #podOf = new Map<string, string>()

  constructor(cri: Cri, clock: Clock) {
    this.#cri = cri
    this.#clock = clock
  }

  podOf(id: string): string | undefined {
    return this.#podOf.get(id)
  }

  /** Its first process has ended. */
  ended(id: string): void {
    this.#ended.add(id)
    const [oldest] = this.#ended
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest)
  }

  /** Of one pod, newest first; the runtime's answers may be behind its events, and are waited for. Throws CriError. */
  async of(uid: string): Promise<RuntimeView> {
    // A pod that was never here has nothing: only this agent makes anything, and looks first.
    if (this.#known?.has(uid) === false) {
      this.#known.add(uid)
      this.#seen.set(uid, '')
      return { sandboxes: [], containers: [] }
    }
    for (let look = 1; ; look++) {
      const view = await this.#look(uid)
      const behind = [
        ...view.containers.filter(({ state }) => state === 'running'),
        ...view.sandboxes.filter(({ ready }) => ready),
      ].filter(({ id }) => this.#ended.has(id))
      if (behind.length === 0) return view
      if (look < MAX_LOOKS) await new Promise<void>((resolve) => this.#clock.after(BEHIND_MS, resolve))
      else for (const { id } of behind) this.#ended.delete(id)
    }
  }

  async #look(uid: string): Promise<RuntimeView> {
    const filter = { labelSelector: { [POD_UID]: uid } }
    const [sandboxes, containers] = await Promise.all([
      this.#cri.listPodSandboxes(filter),
      this.#cri.listContainers(filter),
    ])
    this.#seen.set(uid, signatureOf([...sandboxes, ...containers]))
    const view = {
      sandboxes: await Promise.all(sandboxes.map((sandbox) => this.#sandbox(uid, sandbox))),
      containers: (await Promise.all(containers.map((one) => this.#container(uid, one)))).flat(),
    }
    view.sandboxes.sort((a, b) => b.createdAtMs - a.createdAtMs)
    view.containers.sort((a, b) => b.createdAtMs - a.createdAtMs || b.attempt - a.attempt)
    return view
  }

  /** UIDs of the pods of which the runtime has something else than when they were last looked at; two calls. */
  async changed(): Promise<string[]> {
    const [sandboxes, containers] = await Promise.all([
      this.#cri.listPodSandboxes(),
      this.#cri.listContainers(),
    ])
    const byPod = new Map<string, Stated[]>()
    for (const one of [...sandboxes, ...containers]) {
      const uid = one.labels?.[POD_UID]
      if (uid === undefined) continue
      this.#podOf.set(one.id ?? '', uid)
      byPod.set(uid, [...(byPod.get(uid) ?? []), one])
    }
    this.#known ??= new Set()
    for (const uid of byPod.keys()) this.#known.add(uid)
    const uids = new Set([...byPod.keys(), ...this.#seen.keys()])
    return [...uids].filter((uid) => signatureOf(byPod.get(uid) ?? []) !== (this.#seen.get(uid) ?? ''))
  }

  forget(uid: string): void {
    this.#seen.delete(uid)
    this.#known?.delete(uid)
    for (const [id, of] of this.#podOf) {
      if (of !== uid) continue
      this.#podOf.delete(id)
      this.#exited.delete(id)
      this.#ips.delete(id)
    }
  }

  async #sandbox(uid: string, sandbox: Sandbox): Promise<SandboxRecord> {
    const id = sandbox.id ?? ''
    this.#podOf.set(id, uid)
    const ready = (sandbox.state ?? SANDBOX_READY) === SANDBOX_READY
    return {
      id,
      ready,
      attempt: sandbox.metadata?.attempt ?? 0,
      createdAtMs: (sandbox.createdAt ?? 0) / NS_PER_MS,
      ips: ready ? await this.#ipsOf(id) : (this.#ips.get(id) ?? []),
    }
  }

  async #ipsOf(id: string): Promise<string[]> {
    const known = this.#ips.get(id)
    if (known !== undefined) return known
    const { network } = await this.#cri.podSandboxStatus(id)
    const first = network?.ip ?? ''
    const others = (network?.additionalIps ?? []).map(({ ip = '' }) => ip)
    const ips = [first, ...others].filter((ip) => ip !== '')
    this.#ips.set(id, ips)
    return ips
  }

  /** None when it was removed just now. */
  async #container(uid: string, container: Container): Promise<ContainerRecord[]> {
    const id = container.id ?? ''
    this.#podOf.set(id, uid)
    const known = this.#exited.get(id)
    if (known !== undefined) return [known]
    try {
      const status = await this.#cri.containerStatus(id)
      const record = recordOf(container, status)
      if (record.state !== 'exited') return [record]
      const exited = { ...record, message: await readTerminationMessage(status) }
      this.#exited.set(id, exited)
      this.#ended.delete(id)
      return [exited]
    } catch (error) {
      if (isCriError(error) && error.notFound) return []
      throw error
    }
  }
}

type Stated = Pick<Container, 'id' | 'state' | 'labels'>

function signatureOf(all: readonly Stated[]): string {
  return all
    .map(({ id = '', state = 0 }) => `${id}=${state}`)
    .sort()
    .join()
}

function recordOf(container: Container, status: ContainerStatus): ContainerRecord {
  const id = container.id ?? ''
  return {
    id,
    containerId: `containerd://${id}`,
    sandboxId: container.podSandboxId ?? '',
    name: container.metadata?.name ?? '',
    attempt: container.metadata?.attempt ?? 0,
    state: stateOf(status.state ?? CONTAINER_CREATED),
    createdAtMs: (status.createdAt ?? 0) / NS_PER_MS,
    startedAtMs: (status.startedAt ?? 0) / NS_PER_MS,
    finishedAtMs: (status.finishedAt ?? 0) / NS_PER_MS,
    exitCode: status.exitCode ?? 0,
    reason: status.reason ?? '',
    message: status.message ?? '',
    image: status.image?.image ?? '',
    imageRef: status.imageRef ?? '',
    specHash: container.annotations?.[CONTAINER_HASH] ?? '',
  }
}

function stateOf(state: number): RunState {
  if (state === CONTAINER_RUNNING) return 'running'
  if (state === CONTAINER_EXITED) return 'exited'
  return state === CONTAINER_CREATED ? 'created' : 'unknown'
}
