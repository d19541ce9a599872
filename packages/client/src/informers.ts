// One informer a collection, shared by all controllers of a process.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Client } from './client.ts'
import { Informer } from './informer.ts'
import { type ResourceRef, refText } from './resource-ref.ts'

export interface InformersOptions {
  client: Client
  clock: Clock
  random: () => number
  logger: Logger
}

export interface Selection {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
}

/** Nothing is asked of the server until `start`; what is asked for later starts at once. */
export class Informers {
  readonly #options: InformersOptions
  readonly #byKey = new Map<string, Informer<KubeObject>>()
  #started = false

  constructor(options: InformersOptions) {
    this.#options = options
  }

  /** The informer of a collection: the same one for the same arguments. */
  for<T extends KubeObject = KubeObject>(ref: ResourceRef, selection: Selection = {}): Informer<T> {
    const { namespace = '', labelSelector = '', fieldSelector = '' } = selection
    const key = [refText(ref), namespace, labelSelector, fieldSelector].join('|')
    const known = this.#byKey.get(key)
    if (known !== undefined) return known as unknown as Informer<T>
    const { client, clock, random, logger } = this.#options
    const informer = new Informer<T>({
      resource: client.resource<T>(ref),
      ...selection,
      clock,
      random,
      logger,
    })
    this.#byKey.set(key, informer as unknown as Informer<KubeObject>)
    if (this.#started) informer.start()
    return informer
  }

  start(): void {
    this.#started = true
    for (const informer of this.#byKey.values()) informer.start()
  }

  async synced(): Promise<void> {
    await Promise.all([...this.#byKey.values()].map((informer) => informer.synced()))
  }

  async stop(): Promise<void> {
    this.#started = false
    await Promise.all([...this.#byKey.values()].map((informer) => informer.stop()))
  }
}
