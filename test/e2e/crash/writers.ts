// Clients that write as fast as they are answered. Each has its own keys, and knows what it has written to them.

import assert from 'node:assert/strict'
import type { KubeObject } from '@brume/api/object'
import { isStatus, StatusError } from '@brume/base/errors'
import type { SeededRandom } from '@brume/base/seeded-random'
import { CONFIG_MAPS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { TransportError } from '@brume/client/transport'
import { KINDS, type Kind, NAMESPACE } from './kinds.ts'
import type { Ledger, Written } from './ledger.ts'

const KEYS_PER_KIND = 2

export interface WriterOptions {
  client: Client
  ledger: Ledger
  random: SeededRandom
  /** Makes tokens unique over all generations. */
  generation: number
  writer: number
  onAcknowledged(): void
  stopped(): boolean
}

/** Writes until the server is gone or `stopped`. */
export async function writeUntilGone(options: WriterOptions): Promise<void> {
  const { random, ledger, writer, generation, stopped } = options
  for (let n = 0; !stopped(); n++) {
    const kind = random.pick(KINDS)
    const name = `k-${writer}-${random.below(KEYS_PER_KIND)}`
    if (!ledger.isCertain(`${kind.ref.plural}/${name}`)) continue
    const gone = await writeOnce(options, { kind, name, token: `t-${generation}-${writer}-${n}` })
    if (gone) return
  }
}

interface Target {
  kind: Kind
  name: string
  token: string
}

/** True when the connection was lost, so that what became of the write is not known. */
async function writeOnce(options: WriterOptions, target: Target): Promise<boolean> {
  const { ledger, onAcknowledged } = options
  const key = `${target.kind.ref.plural}/${target.name}`
  try {
    ledger.acknowledge(key, await send(options, key, target))
    onAcknowledged()
    return false
  } catch (error) {
    if (error instanceof TransportError) return true
    if (!(error instanceof StatusError)) throw error
    // A stale resourceVersion, asked for on purpose; and a server that ends. Neither did anything.
    assert.ok(
      error.reason === 'Conflict' || error.reason === 'ServiceUnavailable',
      `${key}: ${error.message}`,
    )
    ledger.refuse(key)
    return error.reason === 'ServiceUnavailable'
  }
}

function send(
  options: WriterOptions,
  key: string,
  { kind, name, token }: Target,
): Promise<Written | undefined> {
  const { client, ledger, random } = options
  const resource = client.resource(kind.ref)
  const at = { namespace: NAMESPACE, name }
  const known = ledger.stateOf(key)
  const object = { ...kind.content(token), metadata: { ...at } } as KubeObject
  const written = (answer: KubeObject) => writtenOf(kind, answer)
  const dice = random.next()
  if (known !== undefined && dice < 0.2) {
    ledger.attempt(key, { verb: 'delete' })
    return resource.delete(at, { preconditions: { uid: known.uid } }).then(() => undefined)
  }
  ledger.attempt(key, { verb: 'put', token })
  if (known === undefined) return resource.create(object).then(written)
  if (dice < 0.5) return resource.patch(at, { type: 'merge', body: kind.content(token) }).then(written)
  const stale = dice > 0.95
  object.metadata.resourceVersion = String(stale ? known.revision - 1 : known.revision)
  return resource.update(object).then((answer) => {
    assert.ok(!stale, `${key}: a stale update was taken`)
    return written(answer)
  })
}

export function writtenOf(kind: Kind, object: KubeObject): Written {
  const token = kind.tokenOf(object)
  const { resourceVersion, uid } = object.metadata
  assert.ok(
    token !== undefined && uid !== undefined,
    `${kind.ref.plural}/${object.metadata.name} carries a token`,
  )
  return { token, revision: Number(resourceVersion), uid }
}

/** Counts that many clients raise by compare-and-swap: every acknowledged step must stay. */
export class Counter {
  readonly #acknowledged = new Set<number>()
  #uncertain = 0
  static readonly NAME = 'counter'

  async raiseUntilGone(client: Client, stopped: () => boolean): Promise<void> {
    const maps = client.resource(CONFIG_MAPS)
    while (!stopped()) {
      let sent = false
      try {
        const current = await maps.get({ namespace: NAMESPACE, name: Counter.NAME })
        const value = Number(current['data'].value) + 1
        sent = true
        await maps.update({ ...current, data: { value: String(value) } })
        assert.ok(!this.#acknowledged.has(value), `step ${value} was acknowledged twice`)
        this.#acknowledged.add(value)
      } catch (error) {
        if (isStatus(error, 'Conflict')) continue
        if (isStatus(error, 'ServiceUnavailable')) return
        if (!(error instanceof TransportError)) throw error
        if (sent) this.#uncertain++
        return
      }
    }
  }

  /** Steps whose answer was lost may count or not; acknowledged ones must. */
  async check(client: Client): Promise<void> {
    const { data } = await client.resource(CONFIG_MAPS).get({ namespace: NAMESPACE, name: Counter.NAME })
    const value = Number(data.value)
    const highest = Math.max(0, ...this.#acknowledged)
    assert.ok(value >= highest, `step ${highest} was acknowledged, the counter is at ${value}`)
    const missing = value - this.#acknowledged.size
    assert.ok(missing <= this.#uncertain, `${missing} steps were made that nobody asked for`)
  }
}
