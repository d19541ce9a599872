// One data directory through many lives of the server: start, check, write under load, end, again.

import assert from 'node:assert/strict'
import type { SeededRandom } from '@brume/base/seeded-random'
import { CONFIG_MAPS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { createIfAbsent } from '@brume/client/writes'
import { ensureKinds, KINDS, NAMESPACE } from './kinds.ts'
import { Ledger, type Written } from './ledger.ts'
import { type Exit, type ServerProcess, type StartOptions, startServer } from './server-process.ts'
import { historyOf, isOurs, KindWatcher } from './watchers.ts'
import { Counter, writeUntilGone, writtenOf } from './writers.ts'

const WRITERS = 10
const COUNTERS = 3
/** The object of each kind whose write marks the end of what is checked. */
const SENTINEL = 'k-sentinel'

export class Generations {
  readonly dataDir: string
  readonly ledger = new Ledger()
  readonly watchers = KINDS.map((kind) => new KindWatcher(kind))
  readonly #random: SeededRandom
  readonly #counter = new Counter()
  #generation = 0
  #server: ServerProcess | undefined
  /** Everything up to here was compared, for each watcher. */
  #checked = new Map<KindWatcher, number>()

  constructor(options: { dataDir: string; random: SeededRandom }) {
    this.dataDir = options.dataDir
    this.#random = options.random
  }

  get generation(): number {
    return this.#generation
  }

  /** Starts the server, waits until it is ready, and compares everything with what is known. */
  async start(options: StartOptions = {}): Promise<{ server: ServerProcess; client: Client }> {
    this.#generation++
    const server = startServer(this.dataDir, options)
    this.#server = server
    const client = await server.ready()
    if (this.#generation === 1) {
      await ensureKinds(client)
      const metadata = { namespace: NAMESPACE, name: Counter.NAME }
      await createIfAbsent(client.resource(CONFIG_MAPS), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: { value: '0' },
      })
    }
    await this.check(client)
    return { server, client }
  }

  /** The objects first, then the history, also as the watchers saw it. The watchers follow this server from then on. */
  async check(client: Client): Promise<void> {
    this.ledger.reconcile(await currentState(client))
    await this.#counter.check(client)
    for (const watcher of this.watchers) watcher.follow(client)
    for (const watcher of this.watchers) await this.#checkWatcher(client, watcher)
  }

  /** Writers and counters at work until the server is gone; `onAcknowledged` is told the number so far. */
  async write(server: ServerProcess, onAcknowledged: (count: number) => void): Promise<void> {
    let gone = false
    void server.exited.then(() => {
      gone = true
    })
    let count = 0
    const options = { ledger: this.ledger, random: this.#random, generation: this.#generation }
    const clients = Array.from({ length: 3 }, () => server.connect())
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      writeUntilGone({
        ...options,
        client: clients[writer % clients.length]!,
        writer,
        onAcknowledged: () => onAcknowledged(++count),
        stopped: () => gone,
      }),
    )
    const counters = Array.from({ length: COUNTERS }, (_, n) =>
      this.#counter.raiseUntilGone(clients[n % clients.length]!, () => gone),
    )
    await Promise.all([...writers, ...counters])
  }

  /** Writes until `acknowledgements` have come, then ends the server. */
  async writeThenEnd(
    server: ServerProcess,
    acknowledgements: number,
    signal: NodeJS.Signals,
    onSignal = () => {},
  ): Promise<Exit> {
    let end: Promise<Exit> | undefined
    await this.write(server, (count) => {
      if (count < acknowledgements || end !== undefined) return
      onSignal()
      end = server.kill(signal)
    })
    assert.ok(end !== undefined, `the server ended by itself: ${server.stderr}`)
    const exit = await end
    await this.settleWatchers()
    return exit
  }

  /** Whatever has happened: no process is left. */
  async end(): Promise<void> {
    await this.#server?.kill('SIGKILL')
  }

  /** After the server's end: throws what the watchers found wrong. */
  async settleWatchers(): Promise<void> {
    for (const watcher of this.watchers) await watcher.ended()
  }

  async #checkWatcher(client: Client, watcher: KindWatcher): Promise<void> {
    const { kind } = watcher
    const key = `${kind.ref.plural}/${SENTINEL}`
    const token = `s-${kind.ref.plural}-${this.#generation}`
    const at = { namespace: NAMESPACE, name: SENTINEL }
    const resource = client.resource(kind.ref)
    const known = this.ledger.stateOf(key)
    this.ledger.attempt(key, { verb: 'put', token })
    const answer =
      known === undefined
        ? await resource.create({ ...kind.content(token), metadata: at } as never)
        : await resource.patch(at, { type: 'merge', body: kind.content(token) })
    const through = writtenOf(kind, answer).revision
    this.ledger.acknowledge(key, writtenOf(kind, answer))
    await watcher.reaches(through)
    const after = Math.max(this.#checked.get(watcher) ?? 0, watcher.listedAt)
    const seen = watcher.changes.splice(0)
    const history = await historyOf(client, kind, { after, through })
    assert.deepEqual(seen, history, `what the watch of ${kind.ref.plural} saw after ${after}`)
    if (after > 0) this.ledger.checkHistory(history, { after, through }, `${kind.ref.plural}/`)
    this.#checked.set(watcher, through)
  }
}

async function currentState(client: Client): Promise<Map<string, Written>> {
  const found = new Map<string, Written>()
  const addresses = new Map<string, string>()
  for (const kind of KINDS) {
    const { items } = await client.resource(kind.ref).listAll({ namespace: NAMESPACE })
    for (const item of items.filter(isOurs)) {
      found.set(`${kind.ref.plural}/${item.metadata.name}`, writtenOf(kind, item))
      const address: string | undefined = item['spec']?.clusterIP
      if (address === undefined) continue
      assert.equal(addresses.get(address), undefined, `two Services have the address ${address}`)
      addresses.set(address, item.metadata.name!)
    }
  }
  return found
}
