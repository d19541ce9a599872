// Informers on bad connections to a server that restarts and forgets its history, while others write.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { StatusError } from '@brume/base/errors'
import { silentLogger } from '@brume/base/log'
import type { SeededRandom } from '@brume/base/seeded-random'
import { CONFIG_MAPS, NAMESPACES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { Informer, type InformerOptions } from '@brume/client/informer'
import { TransportError } from '@brume/client/transport'
import { createCloud } from './cloud.ts'
import { CALM, randomWeather, type Weather } from './faulty-transport.ts'
import { Observer, Truth } from './observer.ts'
import { forSeeds, SIM_TIMEOUT_MS } from './seeds.ts'

interface Selection extends Pick<InformerOptions<KubeObject>, 'namespace' | 'labelSelector'> {
  selects(object: KubeObject): boolean
  /** The server refuses to stream the list, as older ones do. */
  lists?: boolean
}

const isTier1 = (object: KubeObject) => object.metadata.labels?.['tier'] === '1'
const SELECTIONS: readonly Selection[] = [
  { selects: () => true },
  { selects: () => true, lists: true },
  { namespace: 'one', selects: ({ metadata }) => metadata.namespace === 'one' },
  { labelSelector: 'tier=1', selects: isTier1 },
  { labelSelector: 'tier=1', selects: isTier1, lists: true },
]
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const STEPS = 60
/** Simulated; the longest backoff of a reflector is a minute. */
const CONVERGENCE_LIMIT_MS = 10 * 60_000

test('informers show only what was, never go back, and agree with the server when the faults end', {
  timeout: SIM_TIMEOUT_MS,
}, async (t) => {
  let events = 0
  const seeds = await forSeeds({ quick: 300, soak: 5_000 }, async (random) => {
    events += await simulate(random)
  })
  t.diagnostic(`${seeds} seeds, ${events} events`)
})

async function simulate(random: SeededRandom): Promise<number> {
  const cloud = createCloud(random, { kinds: ['configmaps', 'namespaces'] })
  const truth = new Truth(cloud.store, 'configmaps')
  for (const name of ['one', 'two']) {
    await cloud.clock.run(cloud.reliable.resource(NAMESPACES).create(named('Namespace', { name })))
  }
  const weather = randomWeather(random)
  const informers: Informer[] = []
  const observers = SELECTIONS.map(({ selects, lists, ...selection }) => {
    const client = cloud.faulty(weather, { streamsLists: lists !== true })
    const informer = new Informer({
      resource: client.resource(CONFIG_MAPS),
      ...selection,
      clock: cloud.clock,
      random: () => random.next(),
      logger: silentLogger,
    })
    informers.push(informer)
    return new Observer(informer, truth, selects)
  })
  for (const informer of informers) informer.start()
  const writers = [cloud.reliable, cloud.faulty(weather), cloud.faulty(randomWeather(random))]
  const unexpected: unknown[] = []
  for (let step = 0; step < STEPS; step++) {
    const dice = random.next()
    if (dice < 0.04) cloud.restart()
    else if (dice < 0.1) {
      const back = random.below(10)
      await cloud.store.compact(Math.max(cloud.store.compactedRevision, cloud.store.revision - back))
    } else {
      write(random.pick(writers), random, step).catch((error) => {
        if (!(error instanceof TransportError) && !isRefusal(error)) unexpected.push(error)
      })
    }
    await cloud.clock.advance(random.pick([0, 1, 30, 400, 3_000]))
  }
  Object.assign(weather, CALM satisfies Weather)
  const agree = await cloud.clock.until(() => observers.every((o) => o.converged), CONVERGENCE_LIMIT_MS)
  for (const { failures } of observers) if (failures.length > 0) throw failures[0]
  if (unexpected.length > 0) throw unexpected[0]
  assert.ok(agree, 'the informers agree with the server')
  for (const observer of observers) observer.assertViewIsStore()
  assert.deepEqual(cloud.bugs, [])
  const stopping = Promise.all(informers.map((informer) => informer.stop()))
  await cloud.clock.run(stopping)
  await cloud.close()
  return observers.reduce((sum, observer) => sum + observer.events, 0)
}

async function write(client: Client, random: SeededRandom, step: number): Promise<void> {
  const maps = client.resource(CONFIG_MAPS)
  const at = { namespace: random.pick(['one', 'two']), name: random.pick(NAMES) }
  const metadata = { ...at, labels: { tier: random.pick(['1', '2']) } }
  const content = { metadata, data: { token: `t-${step}` } }
  const dice = random.next()
  if (dice < 0.45) await maps.create({ ...named('ConfigMap', metadata), ...content })
  else if (dice < 0.65)
    await maps.patch(at, { type: 'merge', body: { ...content, metadata: { labels: metadata.labels } } })
  else if (dice < 0.8) {
    const current = await maps.get(at)
    await maps.update({ ...current, data: content.data })
  } else if (dice < 0.97) await maps.delete(at)
  else await maps.deleteCollection({ namespace: at.namespace })
}

const named = (kind: string, metadata: KubeObject['metadata']): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata,
})

/** What a writer that does not look first must expect. */
function isRefusal(error: unknown): boolean {
  return error instanceof StatusError && ['NotFound', 'AlreadyExists', 'Conflict'].includes(error.reason)
}
