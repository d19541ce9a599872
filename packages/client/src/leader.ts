// Leader election by a Lease, as client-go does it: of several processes one works, and another takes over when the
// lease is not renewed. Time is measured by this process's own timers: for a candidate from when it saw the lease change,
// for the leader from when it began to ask for it.

import type { KubeObject } from '@brume/api/object'
import { type Clock, formatMicroTime, type Timer } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
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
  /** Nobody has written the lease for as long as it says that it lasts. */
  expired: boolean
  timer: Timer | undefined
}

/** client-go's jitter of waiting candidates. */
const JITTER = 1.2
/** An attempt that hangs leaves time for another before the deadline. */
const ATTEMPTS_PER_DEADLINE = 2
/** A process that ends does not wait for longer to give its lease back. */
const RELEASE_LIMIT_MS = 2_000
const RELEASE_ATTEMPTS = 3

/**
 * Runs until the signal is aborted, or the lead was lost, or the work has failed (its error is thrown); gives the lease
 * back unless it was lost.
 */
export async function runLeaderElection(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  const election = new Election(options)
  try {
    const retryMs = options.retryPeriodMs ?? 2000
    while (!signal.aborted && !(await election.tryAcquire(signal))) {
      await delay(options.clock, retryMs * (1 + JITTER * options.random()), signal)
    }
    if (!signal.aborted) await lead(election, options, signal)
  } finally {
    election.stop()
  }
}

async function lead(election: Election, options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  const failed = new AbortController()
  const leading = AbortSignal.any([signal, election.lost, failed.signal])
  const work = (async () => options.onLead(leading))()
  work.catch(() => failed.abort())
  await election.renewUntil(leading)
  if (election.lost.aborted) options.logger.error('lost the lead', { lease: options.name })
  try {
    await work
  } finally {
    if (!election.lost.aborted) await election.release()
  }
}

class Election {
  readonly #options: LeaderElectionOptions
  readonly #lost = new AbortController()
  #sight: Sight | undefined
  #leader = ''
  /** Ends the lead unless an attempt succeeds before. Timers, unlike the clock, do not jump when somebody sets it. */
  #deadline: Timer | undefined

  constructor(options: LeaderElectionOptions) {
    this.#options = options
  }

  /** Aborted when this process led and may not any more. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  async renewUntil(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await delay(this.#options.clock, this.#options.retryPeriodMs ?? 2000, ended)
      if (ended.aborted) return
      if (!(await this.tryAcquire(ended)) && this.#leader !== this.#options.identity) this.#lost.abort()
    }
  }

  /**
   * True when this process holds the lease after the call. Refusals and lost connections count as false, and so does an
   * answer that comes so late that others may have taken the lease since.
   */
  async tryAcquire(signal: AbortSignal): Promise<boolean> {
    const { clock, logger, name } = this.#options
    const deadlineMs = this.#options.renewDeadlineMs ?? 10_000
    // Others count from when they see what this attempt writes, which is later than now.
    let isLate = false
    const deadline = clock.after(deadlineMs, () => {
      isLate = true
      if (this.#deadline === deadline) this.#lost.abort()
    })
    const hanging = new AbortController()
    const limit = clock.after(deadlineMs / ATTEMPTS_PER_DEADLINE, () => hanging.abort())
    try {
      const isHeld = await this.#acquire(AbortSignal.any([signal, hanging.signal]))
      if (!isHeld || isLate) return false
      this.#deadline?.cancel()
      this.#deadline = deadline
      return true
    } catch (error) {
      if (!(error instanceof Error)) throw error
      logger.debug('the lease was not taken', { lease: name, error: error.message })
      return false
    } finally {
      limit.cancel()
      if (this.#deadline !== deadline) deadline.cancel()
    }
  }

  stop(): void {
    this.#deadline?.cancel()
    this.#sight?.timer?.cancel()
  }

  /** Lets another candidate take over at once, if this process holds the lease. */
  async release(): Promise<void> {
    const { clock, logger, name } = this.#options
    const limit = new AbortController()
    const timer = clock.after(RELEASE_LIMIT_MS, () => limit.abort())
    try {
      await this.#release(limit.signal)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      logger.warn('the lease was not released', { lease: name, error: error.message })
    } finally {
      timer.cancel()
    }
  }

  /** As it is now: a renewal whose answer nobody waited for may have been written. */
  async #release(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const lease = await this.#get(signal)
      if (lease === undefined || lease['spec']?.holderIdentity !== this.#options.identity) return
      const now = formatMicroTime(this.#options.clock.now())
      const freed = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now }
      try {
        await this.#leases().update({ ...lease, spec: { ...lease['spec'], ...freed } }, { signal })
        return
      } catch (error) {
        if (!isStatus(error, 'Conflict') || attempt === RELEASE_ATTEMPTS) throw error
      }
    }
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { identity, clock, namespace, name } = this.#options
    const durationMs = this.#options.leaseDurationMs ?? 15_000
    const found = await this.#get(signal)
    const now = formatMicroTime(clock.now())
    const mine = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      renewTime: now,
    }
    if (found === undefined) {
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace } }
      const spec = { ...mine, acquireTime: now, leaseTransitions: 0 }
      this.#saw(await this.#leases().create({ ...lease, spec }, { signal }))
      return true
    }
    this.#saw(found)
    const holder: string = found.spec?.holderIdentity ?? ''
    if (holder !== identity && holder !== '' && !this.#sight!.expired) return false
    const transitions = Number(found.spec?.leaseTransitions ?? 0)
    const taken =
      holder === identity
        ? { acquireTime: found.spec.acquireTime, leaseTransitions: transitions }
        : { acquireTime: now, leaseTransitions: transitions + 1 }
    const spec = { ...found.spec, ...mine, ...taken }
    this.#saw(await this.#leases().update({ ...found, spec }, { signal }))
    return true
  }

  async #get(signal: AbortSignal): Promise<KubeObject | undefined> {
    const { namespace, name } = this.#options
    try {
      return await this.#leases().get({ namespace, name }, { signal })
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined
      throw error
    }
  }

  #saw(lease: KubeObject): void {
    if (this.#sight?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      this.#sight?.timer?.cancel()
      const sight: Sight = { lease, expired: false, timer: undefined }
      const durationMs = Number(lease.spec?.leaseDurationSeconds ?? 0) * 1000
      sight.timer = this.#options.clock.after(durationMs, () => {
        sight.expired = true
      })
      this.#sight = sight
    }
    const holder: string = lease.spec?.holderIdentity ?? ''
    if (holder === this.#leader) return
    this.#leader = holder
    if (holder !== '') this.#options.onNewLeader?.(holder)
  }

  #leases() {
    return this.#options.client.resource(LEASES)
  }
}
