// One metadata-only informer for every kind that can be listed, watched and deleted, kept in step with discovery: CRDs
// bring kinds and take them away. The garbage collector, namespaces and quotas share what it sees.

import type { KubeObject, OwnerReference } from '@brume/api/object'
import type { Clock, Timer } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { Backoff } from '@brume/client/backoff'
import type { Client } from '@brume/client/client'
import type { DiscoveredResource } from '@brume/client/discovery'
import { Informer } from '@brume/client/informer'
import { refText } from '@brume/client/resource-ref'

export interface ObjectMetadata extends KubeObject {
  metadata: {
    name: string
    namespace?: string
    uid: string
    resourceVersion: string
    ownerReferences?: OwnerReference[]
    finalizers?: string[]
    deletionTimestamp?: string
  }
}

export interface MetadataListener {
  put?(object: ObjectMetadata, resource: DiscoveredResource): void
  delete?(object: ObjectMetadata, resource: DiscoveredResource): void
  /** From now on every change of this kind is seen. */
  listed?(resource: DiscoveredResource): void
  /** The set of served kinds has changed. */
  kindsChanged?(): void
}

export interface MonitorsOptions {
  client: Client
  /** Its events say that discovery may have changed. */
  definitions: Informer
  clock: Clock
  random: () => number
  logger: Logger
}

interface Monitor {
  resource: DiscoveredResource
  informer: Informer<ObjectMetadata>
}

/** Short-lived or derived objects that own nothing and are owned by nothing (as Kubernetes ignores them). */
const IGNORED = new Set(['events', 'events.events.k8s.io'])
/** Several CRDs that come together cause one look at discovery. */
const SETTLE_MS = 50
const RETRY = { initialMs: 500, maxMs: 30_000, factor: 2, jitter: 0.5 }
/** Start is not held up for longer by a kind that cannot be listed (a broken conversion webhook). */
const SYNC_LIMIT_MS = 30_000

export class MetadataMonitors {
  readonly #options: MonitorsOptions
  readonly #monitors = new Map<string, Monitor>()
  readonly #listeners = new Set<MetadataListener>()
  readonly #discovered = Promise.withResolvers<void>()
  readonly #backoff: Backoff
  #served: readonly DiscoveredResource[] = []
  #timer: Timer | undefined
  #started = false
  #stopped = false

  constructor(options: MonitorsOptions) {
    this.#options = options
    this.#backoff = new Backoff(RETRY, options.random)
  }

  /** Every kind and version that is served, as last discovered. */
  get served(): readonly DiscoveredResource[] {
    return this.#served
  }

  /** The listener hears of what is known already, at once. */
  listen(listener: MetadataListener): () => void {
    for (const { informer, resource } of this.#monitors.values()) {
      for (const object of informer.store.list()) listener.put?.(object, resource)
    }
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    if (this.#started) return
    this.#started = true
    const changed = () => this.#schedule(SETTLE_MS)
    this.#options.definitions.addHandler({ add: changed, update: changed, delete: changed })
    this.#schedule(0)
  }

  /** Discovery was read, and each kind of it was listed (or 30 s have gone by). */
  async synced(): Promise<void> {
    await this.#discovered.promise
    const { clock, logger } = this.#options
    const all = Promise.all([...this.#monitors.values()].map(({ informer }) => informer.synced()))
    const limit = Promise.withResolvers<'late'>()
    const timer = clock.after(SYNC_LIMIT_MS, () => limit.resolve('late'))
    const outcome = await Promise.race([all, limit.promise])
    timer.cancel()
    if (outcome !== 'late') return
    const missing = [...this.#monitors]
      .filter(([, { informer }]) => !informer.hasSynced)
      .map(([name]) => name)
    logger.error('some kinds cannot be listed; going on without them', { kinds: missing.join(',') })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await Promise.all([...this.#monitors.values()].map(({ informer }) => informer.stop()))
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(delayMs, () => void this.#discover())
  }

  async #discover(): Promise<void> {
    try {
      const { resources, failures } = await this.#options.client.discovery.refresh()
      if (this.#stopped) return
      this.#agree(resources, failures)
      this.#backoff.reset()
      this.#discovered.resolve()
      if (failures.size > 0) this.#schedule(RETRY.maxMs)
    } catch (error) {
      const retryMs = this.#backoff.next()
      this.#options.logger.warn('discovery failed', { error: String(error), retryMs: Math.round(retryMs) })
      this.#schedule(retryMs)
    }
  }

  /** Kinds of a group that could not be asked about keep their monitors. */
  #agree(served: readonly DiscoveredResource[], failures: ReadonlyMap<string, string>): void {
    const wanted = new Map(served.filter(isMonitored).map((resource) => [refText(resource), resource]))
    for (const [name, monitor] of this.#monitors) {
      const { group, version } = monitor.resource
      if (!wanted.has(name) && !failures.has(`${group}/${version}`)) this.#remove(name, monitor)
    }
    for (const [name, resource] of wanted) {
      if (!this.#monitors.has(name)) this.#add(name, resource)
    }
    const before = this.#served.map(refText).join()
    this.#served = served
    if (served.map(refText).join() === before) return
    for (const listener of this.#listeners) listener.kindsChanged?.()
  }

  #add(name: string, resource: DiscoveredResource): void {
    const { client, clock, random, logger } = this.#options
    const informer = new Informer<ObjectMetadata>({
      resource: client.resource<ObjectMetadata>(resource).metadata<ObjectMetadata>(),
      transform: (object) => essentials(object, resource),
      clock,
      random,
      logger,
    })
    const put = (object: ObjectMetadata) => {
      for (const listener of this.#listeners) listener.put?.(object, resource)
    }
    const gone = (object: ObjectMetadata) => {
      for (const listener of this.#listeners) listener.delete?.(object, resource)
    }
    informer.addHandler({ add: put, update: put, delete: gone })
    this.#monitors.set(name, { resource, informer })
    informer.start()
    void informer.synced().then(() => {
      for (const listener of this.#listeners) listener.listed?.(resource)
    })
  }

  /** The kind is not served any more, so its objects are gone. */
  #remove(name: string, { resource, informer }: Monitor): void {
    this.#monitors.delete(name)
    void informer.stop()
    for (const object of informer.store.list()) {
      for (const listener of this.#listeners) listener.delete?.(object, resource)
    }
  }
}

function isMonitored(resource: DiscoveredResource): boolean {
  const { preferred, verbs, group, plural } = resource
  if (!preferred || IGNORED.has(group === '' ? plural : `${plural}.${group}`)) return false
  return ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb))
}

/** Only what ownership and deletion need, so that thousands of objects cost little memory. */
function essentials(object: ObjectMetadata, resource: DiscoveredResource): ObjectMetadata {
  const { name, namespace, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } =
    object.metadata
  return {
    apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: {
      name,
      uid,
      resourceVersion,
      ...(namespace === undefined ? {} : { namespace }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
  }
}
