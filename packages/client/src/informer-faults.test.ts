// Whatever a connection does to the events, the informer ends up with what the server has, and its handlers with it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { createLogger } from '@brume/base/log'
import { PODS } from './builtin.ts'
import { Client } from './client.ts'
import { Informer } from './informer.ts'
import { fakeClock } from './testing/fake-clock.ts'
import { FedWatch, pod, ScriptedTransport, statusResponse } from './testing/scripted-transport.ts'

const SEEDS = Number(process.env['BRUME_SEEDS'] ?? 100)
const FIRST_SEED = Number(process.env['BRUME_SEED'] ?? 1)
const ROUNDS = 20
/** Few, so that swapped events often concern the same object. */
const NAMES = ['a', 'b', 'c']

/** Mulberry32: the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Logged {
  revision: number
  type: string
  object: KubeObject
}

/** A collection with its log, behind watches that lose, double, swap and cut. */
class FaultyServer {
  readonly objects = new Map<string, KubeObject>()
  readonly log: Logged[] = []
  revision = 0
  compacted = 0
  faulty = true
  #watch: FedWatch | undefined
  #watches = 0
  /** Sent after the next one. */
  #held: Logged | undefined
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  change(): void {
    const name = NAMES[Math.floor(this.#random() * NAMES.length)]!
    const revision = ++this.revision
    const known = this.objects.get(name)
    const remove = known !== undefined && this.#random() < 0.4
    const uid = known?.metadata.uid ?? `uid-${name}-${revision}`
    const object = pod(name, revision, { uid })
    const type = remove ? 'DELETED' : known === undefined ? 'ADDED' : 'MODIFIED'
    if (remove) this.objects.delete(name)
    else this.objects.set(name, object)
    const event = { revision, type, object }
    this.log.push(event)
    this.#send(event)
  }

  answer(parameters: URLSearchParams, signal: AbortSignal | undefined) {
    if (this.#chance(0.1)) return statusResponse(503, 'ServiceUnavailable', 'fault')
    const watch = new FedWatch(this.#watches++ % 2 === 0 ? 'bytes' : 'objects')
    this.#watch = watch
    this.#held = undefined
    const from = parameters.get('resourceVersion')
    if (from === null) {
      for (const object of this.objects.values()) watch.event('ADDED', object)
      if (this.#chance(0.1)) watch.reset()
      else watch.bookmark(String(this.revision), true)
    } else if (Number(from) < this.compacted) {
      watch.event('ERROR', { kind: 'Status', reason: 'Expired', code: 410 })
    } else {
      for (const event of this.log) if (event.revision > Number(from)) this.#send(event)
    }
    return watch.response(signal)
  }

  #send(event: Logged): void {
    const write = ({ type, object }: Logged) => this.#watch?.event(type, object)
    if (this.#held === undefined && this.#chance(0.1)) {
      this.#held = event
      return
    }
    write(event)
    if (this.#chance(0.15)) write(event)
    if (this.#held !== undefined) {
      write(this.#held)
      this.#held = undefined
    }
    if (this.#chance(0.1)) {
      this.#watch?.reset()
      this.#watch = undefined
    }
    if (this.#chance(0.05)) this.compacted = this.revision
  }

  #chance(probability: number): boolean {
    return this.faulty && this.#random() < probability
  }
}

describe('informer under faults', () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    it(`agrees with the server in the end (BRUME_SEED=${seed})`, async () => {
      const random = seeded(seed)
      const clock = fakeClock()
      const server = new FaultyServer(random)
      const transport = new ScriptedTransport(({ parameters, signal }) => server.answer(parameters, signal))
      const resource = new Client({ transport, clock }).resource(PODS)
      // A handler that throws is logged as an error.
      const errors: string[] = []
      const logger = createLogger('error', (line) => errors.push(line))
      const informer = new Informer({ resource, clock, random, logger })
      const heard = new Map<string, string>()
      const put = ({ metadata }: KubeObject) => heard.set(metadata.name!, metadata.resourceVersion!)
      informer.addHandler({
        add(object) {
          assert.equal(heard.has(object.metadata.name!), false, 'added twice without a deletion')
          put(object)
        },
        update(object, previous) {
          assert.equal(heard.get(object.metadata.name!), previous.metadata.resourceVersion)
          assert.equal(object.metadata.uid, previous.metadata.uid)
          put(object)
        },
        delete(object) {
          assert.equal(heard.delete(object.metadata.name!), true, 'deleted twice')
        },
      })
      informer.start()
      for (let round = 0; round < ROUNDS; round++) {
        for (let changes = Math.floor(random() * 4); changes > 0; changes--) server.change()
        await clock.advance(random() < 0.5 ? 0 : 2000)
      }
      server.faulty = false
      server.change()
      server.change()
      await clock.advance(600_000)
      const wanted = [...server.objects.values()]
        .map((o) => [o.metadata.name, o.metadata.resourceVersion])
        .sort()
      const has = informer.store
        .list()
        .map((o) => [o.metadata.name, o.metadata.resourceVersion])
        .sort()
      assert.deepEqual(has, wanted)
      assert.deepEqual([...heard].sort(), wanted)
      assert.deepEqual(errors, [])
      await informer.stop()
    })
  }
})
