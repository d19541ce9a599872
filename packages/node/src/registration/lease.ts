// The node's lease in kube-node-lease: its renewals say that the agent lives. It also says which agent, so that of two
// with one name only one serves it.

import type { KubeObject } from '@brume/api/object'
import { type Clock, formatMicroTime, type Timer } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import { LEASES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type AgentIdentity, identityText, isAlive, parseIdentity } from './agent-identity.ts'
import { AGENT_ANNOTATION, decideClaim, LEASE_SECONDS, RENEW_EVERY_MS, refusal } from './claim.ts'

export interface NodeLeaseOptions {
  client: Client
  clock: Clock
  logger: Logger
  nodeName: string
  identity: AgentIdentity
  /** For the owner reference; undefined while it is not known. */
  nodeUid(): string | undefined
  /** The lease is ours for the first time. */
  onHeld(): void
  /** Another agent serves the node; nothing is renewed any more. */
  onRefused(message: string): void
  monotonicNow?: () => number
}

export interface NodeLease {
  /** Renews now: the Node is another one, which is to own the lease. */
  renew(): void
  stop(): Promise<void>
}

const NAMESPACE = 'kube-node-lease'
const RETRY_MS = 2000
const CALL_LIMIT_MS = 8000

export function keepNodeLease(options: NodeLeaseOptions): NodeLease {
  const keeper = new LeaseKeeper(options)
  keeper.wake(0)
  return keeper
}

class LeaseKeeper implements NodeLease {
  readonly #options: NodeLeaseOptions
  readonly #now: () => number
  readonly #me: string
  readonly #stopping = new AbortController()
  #timer: Timer | undefined
  #turn: Promise<void> = Promise.resolve()
  /** As the server has it, as far as we know. */
  #lease: KubeObject | undefined
  #isHeld = false
  #sight: { revision: string; since: number } | undefined
  #hasChanged = false

  constructor(options: NodeLeaseOptions) {
    this.#options = options
    this.#now = options.monotonicNow ?? (() => performance.now())
    this.#me = identityText(options.identity)
  }

  renew(): void {
    if (this.#isHeld) this.wake(0)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#timer?.cancel()
    await this.#turn
  }

  wake(delayMs: number): void {
    if (this.#stopping.signal.aborted) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#turn = this.#turn.then(() => this.#step())
    })
  }

  async #step(): Promise<void> {
    const limit = new AbortController()
    const timer = this.#options.clock.after(CALL_LIMIT_MS, () => limit.abort())
    const signal = AbortSignal.any([limit.signal, this.#stopping.signal])
    try {
      const nextMs = this.#isHeld ? await this.#renew(signal) : await this.#claim(signal)
      if (nextMs !== undefined) this.wake(nextMs)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      this.#options.logger.debug('the node lease was not renewed', { error: error.message })
      // What the server has is not known after a call that failed.
      this.#lease = undefined
      this.wake(RETRY_MS)
    } finally {
      timer.cancel()
    }
  }

  /** Milliseconds to the next step; undefined: there is none. */
  async #claim(signal: AbortSignal): Promise<number | undefined> {
    const { identity, clock } = this.#options
    const lease = await this.#get(signal)
    this.#lease = lease
    this.#see(lease)
    const unchangedMs = this.#sight === undefined ? 0 : this.#now() - this.#sight.since
    const observed = { lease, unchangedMs, hasChanged: this.#hasChanged }
    const claim = decideClaim(observed, identity, { now: clock.now(), isAlive })
    if (claim.type === 'refused') return this.#refuse(lease)
    if (claim.type === 'wait') return Math.min(claim.ms, RETRY_MS)
    const renewed = await this.#renew(signal)
    if (this.#isHeld) this.#options.onHeld()
    return renewed
  }

  async #renew(signal: AbortSignal): Promise<number | undefined> {
    const known = this.#lease ?? (await this.#get(signal))
    if (known !== undefined && this.#isHeld && this.#isOthers(known)) return this.#refuse(known)
    const leases = this.#options.client.resource(LEASES)
    try {
      this.#lease =
        known === undefined
          ? await leases.create(this.#renewed(undefined), { signal })
          : await leases.update(this.#renewed(known), { signal })
      this.#isHeld = true
      return RENEW_EVERY_MS
    } catch (error) {
      const isElse = ['Conflict', 'NotFound', 'AlreadyExists'] as const
      if (!isElse.some((reason) => isStatus(error, reason))) throw error
      // Somebody else wrote or removed it: look again at once.
      this.#lease = undefined
      return 0
    }
  }

  /** Our own earlier process counts as us: it has ended, or it will find itself replaced. */
  #isOthers(lease: KubeObject): boolean {
    const text = lease.metadata.annotations?.[AGENT_ANNOTATION]
    return text !== this.#me && parseIdentity(text) !== undefined
  }

  #refuse(lease: KubeObject | undefined): undefined {
    const { nodeName, identity, onRefused } = this.#options
    this.#isHeld = false
    onRefused(refusal(nodeName, parseIdentity(lease?.metadata.annotations?.[AGENT_ANNOTATION]), identity))
    return undefined
  }

  #renewed(lease: KubeObject | undefined): KubeObject {
    const { nodeName, clock, nodeUid } = this.#options
    const uid = nodeUid()
    const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: uid ?? '' }
    const metadata = lease?.metadata ?? { name: nodeName, namespace: NAMESPACE }
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        ...metadata,
        annotations: { ...metadata.annotations, [AGENT_ANNOTATION]: this.#me },
        ...(uid === undefined ? {} : { ownerReferences: [owner] }),
      },
      spec: {
        ...lease?.['spec'],
        holderIdentity: nodeName,
        leaseDurationSeconds: LEASE_SECONDS,
        renewTime: formatMicroTime(clock.now()),
      },
    }
  }

  #see(lease: KubeObject | undefined): void {
    const revision = lease?.metadata.resourceVersion ?? ''
    if (revision === this.#sight?.revision) return
    if (this.#sight !== undefined && this.#sight.revision !== '') this.#hasChanged = true
    this.#sight = { revision, since: this.#now() }
  }

  async #get(signal: AbortSignal): Promise<KubeObject | undefined> {
    const { client, nodeName } = this.#options
    try {
      return await client.resource(LEASES).get({ namespace: NAMESPACE, name: nodeName }, { signal })
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined
      throw error
    }
  }
}
