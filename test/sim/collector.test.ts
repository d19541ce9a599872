// The garbage collector and the namespace controller on bad connections, while owners and dependents come and go.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { StatusError } from '@brume/base/errors'
import { silentLogger } from '@brume/base/log'
import type { SeededRandom } from '@brume/base/seeded-random'
import { CONFIG_MAPS, CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES, SECRETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { runController } from '@brume/client/controller'
import { Informers } from '@brume/client/informers'
import { noMetrics } from '@brume/client/metrics'
import { TransportError } from '@brume/client/transport'
import type { Dependencies } from '@brume/controllers/dependencies'
import { garbageCollector } from '@brume/controllers/garbage-collector/controller'
import { MetadataMonitors } from '@brume/controllers/metadata/monitors'
import { namespaceController } from '@brume/controllers/namespace/controller'
import { type Cloud, createCloud } from './cloud.ts'
import { CALM, randomWeather, type Weather } from './faulty-transport.ts'
import { Ownership } from './ownership.ts'
import { forSeeds, SIM_TIMEOUT_MS } from './seeds.ts'

const SERVED = ['configmaps', 'secrets', 'namespaces', 'events', 'customresourcedefinitions']
const SPACES = ['one', 'two']
const KINDS = [CONFIG_MAPS, SECRETS]
const NAMES = ['a', 'b', 'c', 'd', 'e']
const STEPS = 50
/** Simulated: backoffs of informers, queues and discovery, one after another. */
const REST_LIMIT_MS = 10 * 60_000

test('never deletes what has a living owner, always what has none, and namespaces always finish', {
  timeout: SIM_TIMEOUT_MS,
}, async (t) => {
  let collected = 0
  const seeds = await forSeeds({ quick: 120, soak: 3_000, found: [46, 234, 771] }, async (random) => {
    collected += await simulate(random)
  })
  assert.ok(seeds === 1 || collected > 0)
  t.diagnostic(`${seeds} seeds, ${collected} objects collected`)
})

/** How many objects the controllers deleted. */
async function simulate(random: SeededRandom): Promise<number> {
  const cloud = createCloud(random, { kinds: SERVED })
  const ownership = new Ownership(cloud.store)
  const weather = randomWeather(random)
  for (const name of SPACES) {
    const created = cloud.reliable
      .resource(NAMESPACES)
      .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    await cloud.clock.run(created)
  }
  let controllers = startControllers(cloud, weather, random)
  const unexpected: unknown[] = []
  for (let step = 0; step < STEPS; step++) {
    const dice = random.next()
    if (dice < 0.03) cloud.restart()
    else if (dice < 0.06) await cloud.store.compact(cloud.store.revision)
    else if (dice < 0.08) {
      controllers.stop().catch((error) => unexpected.push(error))
      controllers = startControllers(cloud, weather, random)
    } else {
      change(cloud.reliable, { random, ownership }).catch((error) => {
        if (!(error instanceof StatusError) && !(error instanceof TransportError)) unexpected.push(error)
      })
    }
    await cloud.clock.advance(random.pick([0, 1, 50, 500, 5_000]))
  }
  Object.assign(weather, CALM)
  const rests = await cloud.clock.until(() => ownership.leftovers().length === 0, REST_LIMIT_MS)
  assert.deepEqual(ownership.violations, [])
  assert.ok(rests, `left over: ${ownership.leftovers().join(', ')}`)
  if (unexpected.length > 0) throw unexpected[0]
  assert.deepEqual(cloud.bugs, [])
  await cloud.clock.run(controllers.stop())
  await cloud.close()
  return ownership.collected
}

function startControllers(cloud: Cloud, weather: Weather, random: SeededRandom): { stop(): Promise<void> } {
  const { clock } = cloud
  const client = cloud.faulty(weather)
  const shared = { client, clock, random: () => random.next(), logger: silentLogger }
  const informers = new Informers(shared)
  const monitors = new MetadataMonitors({
    ...shared,
    definitions: informers.for(CUSTOM_RESOURCE_DEFINITIONS),
  })
  const dependencies: Dependencies = {
    ...shared,
    informers,
    monitors,
    metrics: noMetrics,
    rootCaPem: '',
    onBootstrapped() {},
  }
  const running = [garbageCollector(dependencies), namespaceController(dependencies)].map((spec) =>
    runController(spec, { clock, logger: silentLogger }),
  )
  informers.start()
  monitors.start()
  return {
    async stop() {
      await Promise.all(running.map((controller) => controller.stop()))
      await monitors.stop()
      await informers.stop()
    },
  }
}

/** One thing that a user does. Deletions name the object they mean, so that a new one of that name is not meant. */
async function change(
  client: Client,
  { random, ownership }: { random: SeededRandom; ownership: Ownership },
): Promise<void> {
  const namespace = random.pick(SPACES)
  const kind = random.pick(KINDS)
  const resource = client.resource(kind)
  const name = random.pick(NAMES)
  const dice = random.next()
  if (dice < 0.06) {
    await client
      .resource(NAMESPACES)
      .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  } else if (dice < 0.07) {
    await client.resource(NAMESPACES).delete({ name: namespace })
  } else if (dice < 0.65) {
    const ownerReferences = owners(ownership.objectsIn(namespace), random)
    const metadata = { namespace, name, ownerReferences }
    await resource.create({ apiVersion: 'v1', kind: kind.kind!, metadata })
  } else {
    const objects = ownership.objectsIn(namespace).filter(({ kind: of }) => of === kind.kind)
    if (objects.length === 0) return
    const object = random.pick(objects)
    const at = { namespace, name: object.metadata.name! }
    const uid = object.metadata.uid!
    if (dice < 0.8) {
      const ownerReferences = owners(ownership.objectsIn(namespace), random).filter(
        (owner) => owner.uid !== uid,
      )
      await resource.patch(at, { type: 'merge', body: { metadata: { uid, ownerReferences } } })
      return
    }
    ownership.wanted(uid)
    const propagationPolicy = random.pick(['Background', 'Foreground', 'Orphan'] as const)
    await resource.delete(at, { propagationPolicy, preconditions: { uid } })
  }
}

function owners(objects: readonly KubeObject[], random: SeededRandom) {
  const count = Math.min(objects.length, random.pick([0, 0, 1, 1, 2]))
  const chosen = new Set(Array.from({ length: count }, () => random.pick(objects)))
  return [...chosen].map(({ apiVersion, kind, metadata }) => ({
    apiVersion: apiVersion!,
    kind: kind!,
    name: metadata.name!,
    uid: metadata.uid!,
    blockOwnerDeletion: random.next() < 0.5,
  }))
}
