// Keeps the node known to the API server: its Node object, its status, its lease.

import { mkdir } from 'node:fs/promises'
import type { KubeObject } from '@brume/api/object'
import type { Timer } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import { delay } from '@brume/client/backoff'
import { NODES } from '@brume/client/builtin'
import { Informer } from '@brume/client/informer'
import type { NodeContext } from '../contract.ts'
import type { Image } from '../cri/cri.ts'
import { nodeSubject } from '../event-subjects.ts'
import { HARD_THRESHOLDS, type Threshold } from '../eviction/signals.ts'
import { keptFree } from '../eviction/thresholds.ts'
import { nodeActor } from './act.ts'
import { steadyAddress } from './addresses.ts'
import { type AgentIdentity, ownIdentity } from './agent-identity.ts'
import { clockJumps } from './clock-jump.ts'
import type { ConditionChange, Health } from './conditions.ts'
import { decideRegistration, type RegistrationAction } from './decide.ts'
import { keepNodeLease, type NodeLease } from './lease.ts'
import { type MachineFacts, readMachineFacts } from './machine-facts.ts'
import type { NodeReport, Reserved, Taint } from './node-object.ts'
import { runtimeHealth } from './runtime-health.ts'

export interface RegistrationOptions {
  /** Where the agent's own HTTPS server listens. */
  kubeletPort: number
  /** For the first time that this node is seen; later edits of the Node stay. */
  labels?: Readonly<Record<string, string>>
  taints?: readonly Taint[]
  /** Default: the address on the default route's interface. */
  address?: string
  /** Of IPv6, beside it. */
  address6?: string | undefined
  /** Default 110. */
  maxPods?: number
  /** Beside what eviction keeps free. Default: nothing. */
  reserved?: Partial<Reserved>
  /** Default: our own. */
  evictionThresholds?: readonly Threshold[]
  /** What runs short; asked at every look. Default: nothing does. */
  pressure?: () => Health['pressure']
  /** More that keeps containers from starting, as sentences. Asked at every look. */
  problems?: () => readonly string[]
  /** Another agent serves a node of this name: this one is to end. */
  onRefused(message: string): void
  /** [0, 1). */
  random?: () => number
}

export interface Registration {
  /** Whether this agent serves the node; false when another does, or when it was stopped before that was known. */
  readonly held: Promise<boolean>
  /** Resolves with the Node when it is there and its first status is written; stays pending if refused. */
  readonly registered: Promise<KubeObject>
  /** As last seen. */
  node(): KubeObject | undefined
  /** Looks at health, pressure and images now: something has changed. */
  refresh(): void
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 10_000
/** While something is in doubt: the runtime does not answer, or a write failed. */
const LOOK_SOON_MS = 2000
/** Images are listed at every n-th look, and when refresh() is called. */
const IMAGES_EVERY = 6
const MAX_PODS = 110

export function startRegistration(context: NodeContext, options: RegistrationOptions): Registration {
  const registrar = new Registrar(context, options)
  void registrar.start()
  return registrar
}

class Registrar implements Registration {
  readonly #context: NodeContext
  readonly #options: RegistrationOptions
  readonly #registered = Promise.withResolvers<KubeObject>()
  readonly #held = Promise.withResolvers<boolean>()
  readonly #runtime: ReturnType<typeof runtimeHealth>
  readonly #nodes: Informer
  readonly #jumped: () => string | undefined
  readonly #act: (action: RegistrationAction) => Promise<void>
  readonly #address: () => string
  #lease: NodeLease | undefined
  #timer: Timer | undefined
  #facts: MachineFacts | undefined
  #kubeletVersion = ''
  #images: readonly Image[] = []
  #looks = 0
  #turn: Promise<void> | undefined
  #isDirty = false
  #wantsImages = false
  #isHeld = false
  #stopped = false
  #isUnreported = false

  constructor(context: NodeContext, options: RegistrationOptions) {
    this.#context = context
    this.#options = options
    const { client, clock, logger, nodeName, cri } = context
    this.#runtime = runtimeHealth(cri, clock)
    this.#jumped = clockJumps(() => clock.now())
    this.#act = nodeActor(context)
    this.#address = options.address === undefined ? steadyAddress() : () => options.address!
    this.#nodes = new Informer({
      resource: client.resource(NODES),
      fieldSelector: `metadata.name=${nodeName}`,
      clock,
      random: options.random ?? Math.random,
      logger,
    })
    const wake = () => this.#wake()
    const renew = () => this.#lease?.renew()
    this.#nodes.addHandler({ add: wake, update: wake, delete: wake })
    this.#nodes.addHandler({ add: renew })
  }

  get held(): Promise<boolean> {
    return this.#held.promise
  }

  get registered(): Promise<KubeObject> {
    return this.#registered.promise
  }

  node(): KubeObject | undefined {
    return this.#nodes.store.getByKey(this.#context.nodeName)
  }

  refresh(): void {
    this.#wantsImages = true
    this.#wake()
  }

  async start(): Promise<void> {
    const { client, clock, logger, nodeName } = this.#context
    const identity = await this.#whoAmI()
    if (identity === undefined) return
    this.#lease = keepNodeLease({
      client,
      clock,
      logger,
      nodeName,
      identity,
      nodeUid: () => this.node()?.metadata.uid,
      onHeld: () => {
        this.#isHeld = true
        this.#held.resolve(true)
        this.#say('Normal', { reason: 'Starting', message: 'Starting the node agent.' })
        this.#nodes.start()
        void this.#nodes.synced().then(() => this.#wake())
        this.#look()
      },
      onRefused: (message) => {
        this.#isHeld = false
        this.#held.resolve(false)
        this.#timer?.cancel()
        this.#say('Warning', { reason: 'NodeNameTaken', message })
        this.#options.onRefused(message)
      },
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#held.resolve(false)
    this.#timer?.cancel()
    await Promise.all([this.#lease?.stop(), this.#nodes.stop(), this.#turn])
  }

  /** One look, and the next one by timer. */
  #look(): void {
    this.#wake()
    this.#timer?.cancel()
    const soon = this.#runtime.isDoubtful || this.#runtime.problems.length > 0
    this.#timer = this.#context.clock.after(soon ? LOOK_SOON_MS : LOOK_EVERY_MS, () => this.#look())
  }

  #wake(): void {
    if (this.#stopped || !this.#isHeld) return
    this.#isDirty = true
    this.#turn ??= this.#run().finally(() => {
      this.#turn = undefined
    })
  }

  async #run(): Promise<void> {
    while (this.#isDirty && this.#isHeld && !this.#stopped) {
      this.#isDirty = false
      try {
        await this.#sync()
        if (this.#isUnreported) this.#context.logger.info('the node is reported again')
        this.#isUnreported = false
      } catch (error) {
        if (!(error instanceof Error)) throw error
        if (isStatus(error, 'Conflict') || isStatus(error, 'AlreadyExists')) continue
        // Once: an API server can be away for hours.
        const level = this.#isUnreported ? 'debug' : 'warn'
        this.#context.logger[level]('the node could not be reported', { error: error.message })
        this.#isUnreported = true
        this.#timer?.cancel()
        this.#timer = this.#context.clock.after(LOOK_SOON_MS, () => this.#look())
      }
    }
  }

  async #sync(): Promise<void> {
    const { clock, nodeName, logger } = this.#context
    await this.#observe()
    const jump = this.#jumped()
    if (jump !== undefined) {
      logger.warn(jump)
      this.#say('Warning', { reason: 'ClockJumped', message: jump })
    }
    if (!this.#nodes.hasSynced) return
    const { labels = {}, taints = [] } = this.#options
    const report = this.#report()
    const observed = { name: nodeName, node: this.node(), report, initial: { labels, taints } }
    for (const action of decideRegistration(observed, clock.now())) await this.#act(action)
    const node = this.node()
    if (node?.['status']?.conditions !== undefined) this.#registered.resolve(node)
  }

  async #observe(): Promise<void> {
    const { client, cri } = this.#context
    await this.#runtime.check()
    if (this.#kubeletVersion === '') {
      const { gitVersion } = await client.json<{ gitVersion: string }>({ method: 'GET', path: '/version' })
      this.#kubeletVersion = gitVersion
    }
    if (!this.#wantsImages && this.#looks++ % IMAGES_EVERY !== 0) return
    if (this.#runtime.problems.length > 0 || this.#runtime.isDoubtful) return
    this.#wantsImages = false
    this.#images = await cri.listImages()
  }

  #report(): NodeReport {
    const { kubeletPort, maxPods = MAX_PODS, reserved = {}, pressure, problems } = this.#options
    const { evictionThresholds = HARD_THRESHOLDS } = this.#options
    const facts = { ...this.#facts!, address: this.#address() }
    const free = keptFree(evictionThresholds, facts)
    return {
      facts,
      address6: this.#options.address6,
      runtimeVersion: this.#runtime.version,
      kubeletVersion: this.#kubeletVersion,
      kubeletPort,
      maxPods,
      reserved: {
        cpuMillis: reserved.cpuMillis ?? 0,
        memoryBytes: (reserved.memoryBytes ?? 0) + free.memoryBytes,
        diskBytes: (reserved.diskBytes ?? 0) + free.diskBytes,
      },
      images: this.#images,
      health: {
        problems: [...this.#runtime.problems, ...(problems?.() ?? [])],
        pressure: pressure?.() ?? {},
      },
    }
  }

  #say(type: 'Normal' | 'Warning', text: ConditionChange): void {
    this.#context.event(nodeSubject(this.#context.nodeName), { type, ...text })
  }

  /** Reads the machine's facts on the way. undefined: stopped before they could be read. */
  async #whoAmI(): Promise<AgentIdentity | undefined> {
    const { clock, dirs, logger } = this.#context
    while (!this.#stopped) {
      try {
        await mkdir(dirs.root, { recursive: true })
        this.#facts = await readMachineFacts(dirs.root)
        const identity = ownIdentity(dirs.root, this.#facts.bootId)
        return this.#stopped ? undefined : identity
      } catch (error) {
        logger.error('the machine could not be looked at', { error: String(error) })
        await delay(clock, LOOK_SOON_MS)
      }
    }
    return undefined
  }
}
