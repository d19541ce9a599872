// Leader election by a Lease, as client-go does it: of several processes one works, and another takes over when the
// lease is not renewed. Time is measured by this process's own clock from when it saw the lease change.

import type { KubeObject } from '@brume/api/object'
import { type Clock, formatMicroTime } from '@brume/base/clock'
import { StatusError } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import { delay } from './backoff.ts'
import { LEASES } from './builtin.ts'
import type { Client } from './client.ts'

export interface LeaderElectionOptions {
  client: Client
  namespace: string
  name: string
  /** Unique to this process. */
  identity: string
  clock: Clock
  /** [0, 1). */
  random: () => number
  logger: Logger
  /** Default 15 s: how long the others wait before they take over. */
  leaseDurationMs?: number
  /** Default 10 s: a leader that could not renew for so long stops. Less than the lease's duration. */
  renewDeadlineMs?: number
  /** Default 2 s. */
  retryPeriodMs?: number
  /** The work; the signal is aborted when the lead is lost. */
  onLead(signal: AbortSignal): void | Promise<void>
  onNewLeader?(identity: string): void
}

interface Sight {
  lease: KubeObject
  /** What the holder changes when it renews. */
  record: string
  seenAt: number
}

/** client-go's jitter of waiting candidates. */
const JITTER = 1.2

/** Runs until the signal is aborted or, having led, the lead is lost; releases the lease in the first case. */
export async function runLeaderElection(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  const election = new Election(options)
  const retryMs = options.retryPeriodMs ?? 2000
  while (!signal.aborted && !(await election.tryAcquire())) {
    await delay(options.clock, retryMs * (1 + JITTER * options.random()), signal)
  }
  if (signal.aborted) return
  const lead = new AbortController()
  const work = Promise.resolve(options.onLead(lead.signal))
  await election.renewUntilLost(signal)
  lead.abort()
  await work
  if (signal.aborted) await election.release()
}

class Election {
  readonly #options: LeaderElectionOptions
  #sight: Sight | undefined
  #leader = ''

  constructor(options: LeaderElectionOptions) {
    this.#options = options
  }

  async renewUntilLost(signal: AbortSignal): Promise<void> {
    const { clock, logger, name } = this.#options
    const deadlineMs = this.#options.renewDeadlineMs ?? 10_000
    let renewedAt = clock.now()
    while (!signal.aborted) {
      await delay(clock, this.#options.retryPeriodMs ?? 2000, signal)
      if (signal.aborted) return
      if (await this.tryAcquire()) renewedAt = clock.now()
      else if (this.#leader !== this.#options.identity || clock.now() - renewedAt >= deadlineMs) {
        return logger.error('lost the lead', { lease: name })
      }
    }
  }

  /** True when this process holds the lease after the call. Refusals and lost connections count as false. */
  async tryAcquire(): Promise<boolean> {
    try {
      return await this.#acquire()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      this.#options.logger.debug('the lease was not taken', {
        lease: this.#options.name,
        error: error.message,
      })
      return false
    }
  }

  /** Lets another candidate take over at once. */
  async release(): Promise<void> {
    const lease = this.#sight?.lease
    if (lease === undefined || this.#leader !== this.#options.identity) return
    const now = formatMicroTime(this.#options.clock.now())
    const spec = {
      ...lease.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: now,
      acquireTime: now,
    }
    try {
      await this.#leases().update({ ...lease, spec })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      this.#options.logger.warn('the lease was not released', {
        lease: this.#options.name,
        error: error.message,
      })
    }
  }

  async #acquire(): Promise<boolean> {
    const { identity, clock, namespace, name } = this.#options
    const durationMs = this.#options.leaseDurationMs ?? 15_000
    const found = await this.#get()
    const now = formatMicroTime(clock.now())
    const mine = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      renewTime: now,
    }
    if (found === undefined) {
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace } }
      this.#saw(
        await this.#leases().create({ ...lease, spec: { ...mine, acquireTime: now, leaseTransitions: 0 } }),
      )
      return true
    }
    this.#saw(found)
    const holder: string = found.spec?.holderIdentity ?? ''
    const validUntil = this.#sight!.seenAt + Number(found.spec?.leaseDurationSeconds ?? 0) * 1000
    if (holder !== identity && holder !== '' && validUntil > clock.now()) return false
    const transitions = Number(found.spec?.leaseTransitions ?? 0)
    const taken =
      holder === identity
        ? { acquireTime: found.spec.acquireTime, leaseTransitions: transitions }
        : { acquireTime: now, leaseTransitions: transitions + 1 }
    this.#saw(await this.#leases().update({ ...found, spec: { ...found.spec, ...mine, ...taken } }))
    return true
  }

  async #get(): Promise<KubeObject | undefined> {
    const { namespace, name } = this.#options
    try {
      return await this.#leases().get({ namespace, name })
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'NotFound') return undefined
      throw error
    }
  }

  #saw(lease: KubeObject): void {
    const record = JSON.stringify([lease.spec?.holderIdentity, lease.spec?.renewTime])
    const seenAt = this.#sight?.record === record ? this.#sight.seenAt : this.#options.clock.now()
    this.#sight = { lease, record, seenAt }
    const holder: string = lease.spec?.holderIdentity ?? ''
    if (holder === this.#leader) return
    this.#leader = holder
    if (holder !== '') this.#options.onNewLeader?.(holder)
  }

  #leases() {
    return this.#options.client.resource(LEASES)
  }
}
