// A container runtime in memory and in simulated time that behaves as containerd's CRI does: names are reserved,
// containers run in ready sandboxes only, a stop waits for its grace, and what one connection began goes on when that
// connection is lost. Connections lose, delay and break off calls as they are told to.

import type { Clock } from '@brume/base/clock'
import type { SeededRandom } from '@brume/base/seeded-random'
import { encodeMessage } from '../cri/codec.ts'
import { CriError } from '../cri/connection.ts'
import type { ContainerConfig, Cri, SandboxConfig } from '../cri/cri.ts'
import {
  CONTAINER_CREATED,
  CONTAINER_EXITED,
  CONTAINER_RUNNING,
  SANDBOX_NOTREADY,
  SANDBOX_READY,
} from '../cri/enums.ts'
import { EXIT } from '../cri/events.ts'
import type { Message } from '../cri/messages.ts'
import { GRPC_STATUS } from '../grpc/status.ts'

const NS_PER_MS = 1_000_000

export interface SimulatedSandbox {
  id: string
  config: SandboxConfig
  ready: boolean
  createdAtMs: number
  ip: string
}

export interface SimulatedContainer {
  id: string
  sandboxId: string
  config: ContainerConfig
  state: number
  starting: boolean
  createdAtMs: number
  startedAtMs: number
  finishedAtMs: number
  exitCode: number
}

/** What the containers do by themselves, and how well connections work. Changed while it runs. */
export interface Behaviour {
  /** Milliseconds until it ends by itself, and how; undefined: it runs for ever. */
  runs(container: SimulatedContainer): { ms: number; exitCode: number } | undefined
  /** Milliseconds that it needs to end when it is asked to. */
  endsWithinMs(container: SimulatedContainer): number
  /** Probabilities. */
  failStart: number
  failSandbox: number
  loseRequest: number
  loseAnswer: number
  loseEvent: number
  maxDelayMs: number
}

/** One agent's connection. */
export interface SimulatedConnection {
  cri: Cri
  /** As by kill -9: no answer comes any more, and nothing that is asked arrives. */
  kill(): void
}

interface Watcher {
  onMessage(message: Message<'Envelope'>): void
}

export class SimulatedRuntime {
  readonly sandboxes = new Map<string, SimulatedSandbox>()
  readonly containers = new Map<string, SimulatedContainer>()
  /** Called when a container begins to run, and with what happened so far. */
  onStart: (container: SimulatedContainer) => void = () => {}
  readonly #clock: Clock
  readonly #random: SeededRandom
  readonly #behaviour: Behaviour
  readonly #names = new Set<string>()
  readonly #ended = new Map<string, (() => void)[]>()
  readonly #watchers = new Set<Watcher>()
  #ids = 0

  constructor(options: { clock: Clock; random: SeededRandom; behaviour: Behaviour }) {
    this.#clock = options.clock
    this.#random = options.random
    this.#behaviour = options.behaviour
  }

  connect(): SimulatedConnection {
    let dead = false
    const call = async <T>(effect: () => Promise<T>): Promise<T> => {
      const { loseRequest, loseAnswer } = this.#behaviour
      if (dead) return forever()
      await this.#pass()
      if (this.#random.chance(loseRequest)) throw fault('unavailable', 'connection refused')
      const answer = effect()
      if (this.#random.chance(loseAnswer)) {
        answer.catch(() => {})
        await this.#pass()
        throw fault('deadlineExceeded', 'no answer in time')
      }
      const value = await answer
      await this.#pass()
      return dead ? forever() : value
    }
    const watchers = new Set<Watcher>()
    const cri = {
      runPodSandbox: (config: SandboxConfig) => call(() => this.#runSandbox(config)),
      stopPodSandbox: (id: string) => call(() => this.#stopSandbox(id)),
      removePodSandbox: (id: string) => call(() => this.#removeSandbox(id)),
      podSandboxStatus: (id: string) =>
        call(async () => ({ network: { ip: found(this.sandboxes, id, 'sandbox').ip } })),
      listPodSandboxes: (filter: Message<'PodSandboxFilter'> = {}) =>
        call(async () => this.#listSandboxes(filter.labelSelector)),
      createContainer: (request: Message<'CreateContainerRequest'>) => call(() => this.#create(request)),
      startContainer: (id: string) => call(() => this.#start(id)),
      stopContainer: (id: string, graceSeconds: number) => call(() => this.#stop(id, graceSeconds * 1000)),
      removeContainer: (id: string) => call(() => this.#remove(id)),
      listContainers: (filter: Message<'ContainerFilter'> = {}) =>
        call(async () => this.#listContainers(filter.labelSelector)),
      containerStatus: (id: string) => call(async () => statusOf(found(this.containers, id, 'container'))),
      connection: {
        subscribe: (_path: string, _types: object, _request: object, watcher: Watcher) => {
          watchers.add(watcher)
          this.#watchers.add(watcher)
          return () => this.#watchers.delete(watcher)
        },
      },
      close() {},
    }
    const kill = () => {
      dead = true
      for (const watcher of watchers) this.#watchers.delete(watcher)
    }
    // What the pod worker does not use is not simulated.
    return { cri: cri as unknown as Cri, kill }
  }

  running(): SimulatedContainer[] {
    return [...this.containers.values()].filter(({ state }) => state === CONTAINER_RUNNING)
  }

  /** Its own process ends, as by the kernel's hand. */
  end(container: SimulatedContainer, exitCode: number): void {
    if (container.state !== CONTAINER_RUNNING) return
    Object.assign(container, { state: CONTAINER_EXITED, exitCode, finishedAtMs: this.#clock.now() })
    for (const wake of this.#ended.get(container.id) ?? []) wake()
    this.#ended.delete(container.id)
    this.#tell(EXIT, container.id)
  }

  /** The sandbox's process ends; its containers do not. */
  loseSandbox(sandbox: SimulatedSandbox): void {
    sandbox.ready = false
    this.#tell(EXIT, sandbox.id)
  }

  async #runSandbox(config: SandboxConfig): Promise<string> {
    const name = `${config.metadata?.uid}/${config.metadata?.attempt}`
    this.#reserve(name)
    await this.#takes()
    if (this.#random.chance(this.#behaviour.failSandbox)) {
      this.#names.delete(name)
      throw fault('unknown', 'failed to set up the network')
    }
    const id = `sandbox-${++this.#ids}`
    const ip = `10.1.${this.#ids >> 8}.${this.#ids & 255}`
    this.sandboxes.set(id, { id, config, ready: true, createdAtMs: this.#clock.now(), ip })
    return id
  }

  async #stopSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.get(id)
    if (sandbox === undefined) return
    await this.#takes()
    for (const container of this.#inSandbox(id)) this.end(container, 137)
    this.loseSandbox(sandbox)
  }

  async #removeSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.get(id)
    if (sandbox === undefined) return
    await this.#stopSandbox(id)
    for (const container of this.#inSandbox(id)) await this.#remove(container.id)
    this.sandboxes.delete(id)
    this.#names.delete(`${sandbox.config.metadata?.uid}/${sandbox.config.metadata?.attempt}`)
  }

  async #create({ podSandboxId = '', config = {} }: Message<'CreateContainerRequest'>): Promise<string> {
    const sandbox = found(this.sandboxes, podSandboxId, 'sandbox')
    if (!sandbox.ready) throw fault('unknown', `sandbox ${podSandboxId} is not ready`)
    const name = containerName(sandbox, config)
    this.#reserve(name)
    await this.#takes()
    if (!this.sandboxes.has(podSandboxId)) {
      this.#names.delete(name)
      throw fault('notFound', `sandbox ${podSandboxId} is gone`)
    }
    const id = `container-${++this.#ids}`
    this.containers.set(id, {
      id,
      sandboxId: podSandboxId,
      config,
      state: CONTAINER_CREATED,
      starting: false,
      createdAtMs: this.#clock.now(),
      startedAtMs: 0,
      finishedAtMs: 0,
      exitCode: 0,
    })
    return id
  }

  async #start(id: string): Promise<void> {
    const container = found(this.containers, id, 'container')
    if (container.state !== CONTAINER_CREATED || container.starting) {
      throw fault('unknown', `container ${id} is not in created state`)
    }
    container.starting = true
    await this.#takes()
    container.starting = false
    const now = this.#clock.now()
    const ready = this.sandboxes.get(container.sandboxId)?.ready === true
    if (!ready || this.#random.chance(this.#behaviour.failStart)) {
      Object.assign(container, { state: CONTAINER_EXITED, exitCode: 128, finishedAtMs: now })
      throw fault('unknown', 'executable file not found in $PATH')
    }
    Object.assign(container, { state: CONTAINER_RUNNING, startedAtMs: now })
    this.onStart(container)
    const life = this.#behaviour.runs(container)
    if (life !== undefined) this.#clock.after(life.ms, () => this.end(container, life.exitCode))
    this.#tell('/tasks/start', id)
  }

  async #stop(id: string, graceMs: number): Promise<void> {
    const container = found(this.containers, id, 'container')
    if (container.state !== CONTAINER_RUNNING) return
    const needsMs = this.#behaviour.endsWithinMs(container)
    this.#clock.after(Math.min(needsMs, graceMs), () => this.end(container, needsMs > graceMs ? 137 : 143))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ended.set(id, [...(this.#ended.get(id) ?? []), resolve])
    await promise
  }

  async #remove(id: string): Promise<void> {
    const container = this.containers.get(id)
    if (container === undefined) return
    if (container.starting) throw fault('unknown', `container ${id} is in starting state`)
    this.end(container, 137)
    const sandbox = this.sandboxes.get(container.sandboxId)
    if (sandbox !== undefined) this.#names.delete(containerName(sandbox, container.config))
    this.containers.delete(id)
  }

  #listSandboxes(labels: Record<string, string> | undefined): Message<'PodSandbox'>[] {
    return [...this.sandboxes.values()]
      .filter(({ config }) => matches(config.labels, labels))
      .map(({ id, config, ready, createdAtMs }) => ({
        id,
        metadata: config.metadata,
        labels: config.labels,
        state: ready ? SANDBOX_READY : SANDBOX_NOTREADY,
        createdAt: createdAtMs * NS_PER_MS,
      }))
  }

  #listContainers(labels: Record<string, string> | undefined): Message<'Container'>[] {
    return [...this.containers.values()]
      .filter(({ config }) => matches(config.labels, labels))
      .map(({ id, sandboxId, config, state, createdAtMs }) => ({
        id,
        podSandboxId: sandboxId,
        metadata: config.metadata,
        labels: config.labels,
        annotations: config.annotations,
        state,
        createdAt: createdAtMs * NS_PER_MS,
      }))
  }

  #inSandbox(id: string): SimulatedContainer[] {
    return [...this.containers.values()].filter(({ sandboxId }) => sandboxId === id)
  }

  #reserve(name: string): void {
    if (this.#names.has(name)) throw fault('unknown', `name ${name} is reserved`)
    this.#names.add(name)
  }

  /** containerd's event names the container, or the sandbox. */
  #tell(topic: string, id: string): void {
    for (const watcher of this.#watchers) {
      if (this.#random.chance(this.#behaviour.loseEvent)) continue
      const event = { value: encodeMessage('TaskEvent', { containerId: id }) }
      this.#clock.after(this.#delay(), () => watcher.onMessage({ topic, event }))
    }
  }

  #delay(): number {
    return this.#random.below(this.#behaviour.maxDelayMs + 1)
  }

  async #takes(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#clock.after(this.#delay() + 1, resolve)
    await promise
  }

  async #pass(): Promise<void> {
    if (this.#behaviour.maxDelayMs > 0) await this.#takes()
  }
}

function statusOf(container: SimulatedContainer): Message<'ContainerStatus'> {
  const { id, config, state, exitCode, createdAtMs, startedAtMs, finishedAtMs } = container
  return {
    id,
    metadata: config.metadata,
    state,
    exitCode,
    createdAt: createdAtMs * NS_PER_MS,
    startedAt: startedAtMs * NS_PER_MS,
    finishedAt: finishedAtMs * NS_PER_MS,
    image: config.image,
    imageRef: config.image?.image,
    annotations: config.annotations,
  }
}

function containerName({ config: pod }: SimulatedSandbox, { metadata }: ContainerConfig): string {
  return `${pod.metadata?.uid}/${metadata?.name}/${metadata?.attempt}`
}

function matches(labels: Record<string, string> = {}, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value)
}

function found<T>(all: Map<string, T>, id: string, what: string): T {
  const one = all.get(id)
  if (one === undefined) throw fault('notFound', `${what} ${id} not found`)
  return one
}

function fault(code: keyof typeof GRPC_STATUS, message: string): CriError {
  return new CriError('simulated', { code: GRPC_STATUS[code], message })
}

function forever<T>(): Promise<T> {
  return new Promise(() => {})
}
