// A watcher as client-go's reflector is one: list, watch, resume from the last resourceVersion; list again after 410.

import assert from 'node:assert/strict'
import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import type { Client } from '@brume/client/client'
import { TransportError } from '@brume/client/transport'
import type { WatchEvent } from '@brume/client/watch-stream'
import { eventually } from '@brume/testkit/eventually'
import { type Kind, NAMESPACE } from './kinds.ts'
import type { Change } from './ledger.ts'

/** Objects that the tests write; the others are the server's own. */
export const isOurs = (object: KubeObject) => object.metadata.name?.startsWith('k-') === true

export class KindWatcher {
  readonly kind: Kind
  /** What was seen since the last list, in order. */
  readonly changes: Change[] = []
  /** Lists after the first. */
  relists = -1
  /** Where `changes` begin. */
  listedAt = 0
  readonly #present = new Set<string>()
  #revision = 0
  #running: Promise<void> = Promise.resolve()
  #stop = new AbortController()

  readonly #namespace: string

  constructor(kind: Kind, namespace = NAMESPACE) {
    this.kind = kind
    this.#namespace = namespace
  }

  get revision(): number {
    return this.#revision
  }

  /** Follows one server until it is gone or `stop` is called. */
  follow(client: Client): void {
    this.#stop = new AbortController()
    this.#running = this.#follow(client, this.#stop.signal)
    // `ended` tells.
    this.#running.catch(() => {})
  }

  /** Rejects with what the watch found wrong. */
  ended(): Promise<void> {
    return this.#running
  }

  stop(): Promise<void> {
    this.#stop.abort()
    return this.#running
  }

  async reaches(revision: number): Promise<void> {
    let failed: unknown
    this.#running.catch((error) => {
      failed = error
    })
    await eventually(`the watch of ${this.kind.ref.plural} at revision ${revision}`, () => {
      if (failed !== undefined) return true
      return this.#revision >= revision
    })
    if (failed !== undefined) throw failed
  }

  async #follow(client: Client, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#revision === 0) await this.#list(client)
        await this.#watch(client, signal)
      } catch (error) {
        if (error instanceof TransportError || signal.aborted) return
        if (isStatus(error, 'ServiceUnavailable')) return
        if (!isStatus(error, 'Expired')) throw error
        this.#revision = 0
      }
    }
  }

  async #list(client: Client): Promise<void> {
    const { items, metadata } = await client.resource(this.kind.ref).listAll({ namespace: this.#namespace })
    this.#present.clear()
    this.changes.length = 0
    for (const item of items) this.#present.add(item.metadata.name!)
    this.#revision = Number(metadata.resourceVersion)
    this.listedAt = this.#revision
    this.relists++
  }

  async #watch(client: Client, signal: AbortSignal): Promise<void> {
    const events = await client.resource(this.kind.ref).watch({
      namespace: this.#namespace,
      resourceVersion: String(this.#revision),
      allowWatchBookmarks: true,
      signal,
    })
    for await (const event of events) this.#take(event)
  }

  #take({ type, object }: WatchEvent): void {
    const revision = Number(object.metadata.resourceVersion)
    if (type === 'BOOKMARK') {
      assert.ok(revision >= this.#revision, `a bookmark went back from ${this.#revision} to ${revision}`)
      this.#revision = revision
      return
    }
    const name = object.metadata.name!
    const where = `${type} ${this.kind.ref.plural}/${name} at ${revision}`
    assert.ok(revision > this.#revision, `${where} came after ${this.#revision}`)
    assert.equal(type === 'ADDED', !this.#present.has(name), `${where}: known ${this.#present.has(name)}`)
    if (type === 'DELETED') this.#present.delete(name)
    else this.#present.add(name)
    this.#revision = revision
    if (isOurs(object)) this.changes.push(changeOf(this.kind, { type, object }))
  }
}

/** All changes in (after, through], from a watch of its own. */
export async function historyOf(
  client: Client,
  kind: Kind,
  { after, through }: { after: number; through: number },
): Promise<Change[]> {
  const stop = new AbortController()
  const changes: Change[] = []
  const events = await client.resource(kind.ref).watch({
    namespace: NAMESPACE,
    resourceVersion: String(after),
    signal: stop.signal,
  })
  for await (const event of events) {
    if (isOurs(event.object)) changes.push(changeOf(kind, event))
    if (Number(event.object.metadata.resourceVersion) >= through) break
  }
  stop.abort()
  return changes
}

function changeOf(kind: Kind, { type, object }: WatchEvent): Change {
  assert.ok(type !== 'BOOKMARK')
  const key = `${kind.ref.plural}/${object.metadata.name}`
  return { type, key, revision: Number(object.metadata.resourceVersion), token: kind.tokenOf(object) }
}
