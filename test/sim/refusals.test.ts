// Nothing is answered before it is durable: not even a refusal, or a write that changes nothing, that rests on another
// client's write.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { seededRandom } from '@brume/base/seeded-random'
import { CONFIG_MAPS, NAMESPACES } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import type { ResourceClient } from '@brume/client/resource-client'
import type { Transport } from '@brume/client/transport'
import { StoreError } from '@brume/store/contract'
import { DEFAULT_RETENTION } from '@brume/store/memory/retention'
import { RevisionedStore } from '@brume/store/memory/revisioned-store'
import { MemoryState } from '@brume/store/memory/state'
import { createCloud } from './cloud.ts'

const at = { namespace: 'one', name: 'a' }
const map = (token: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...at },
  data: { token },
})

type Maps = ResourceClient

/** What one client does, what another asks for meanwhile, and what that one is told once the first is durable. */
const CASES: readonly {
  name: string
  exists: boolean
  first(maps: Maps): Promise<unknown>
  second(maps: Maps): Promise<unknown>
  told: string
}[] = [
  {
    name: 'that an object exists already',
    exists: false,
    first: (maps) => maps.create(map('one')),
    second: (maps) => maps.create(map('two')),
    told: 'AlreadyExists',
  },
  {
    name: 'that an object to be deleted is not there',
    exists: true,
    first: (maps) => maps.delete(at),
    second: (maps) => maps.delete(at),
    told: 'NotFound',
  },
  {
    name: 'that an object to be changed is not there',
    exists: true,
    first: (maps) => maps.delete(at),
    second: (maps) => maps.patch(at, { type: 'merge', body: { data: { token: 'two' } } }),
    told: 'NotFound',
  },
  {
    name: 'that its state is not the newest',
    exists: true,
    first: (maps) => maps.patch(at, { type: 'merge', body: { data: { token: 'one' } } }),
    second: (maps) => maps.update({ ...map('two'), metadata: { ...at, resourceVersion: '2' } }),
    told: 'Conflict',
  },
  {
    name: 'that nothing had to be changed',
    exists: true,
    first: (maps) => maps.patch(at, { type: 'merge', body: { data: { token: 'one' } } }),
    second: (maps) => maps.patch(at, { type: 'merge', body: { data: { token: 'one' } } }),
    told: 'ok',
  },
]

for (const { name, exists, first, second, told } of CASES) {
  for (const disk of ['takes', 'refuses'] as const) {
    test(`a client hears ${name} only when it is durable; the disk ${disk} it`, {
      timeout: 30_000,
    }, async () => {
      const { maps, disk: gate, close } = await cloudWithGate()
      if (exists) await maps.create(map('zero'))
      gate.close()
      const outcomes = [first(maps), second(maps)].map(outcomeOf)
      let isAnswered = false
      void Promise.race(outcomes).then(() => {
        isAnswered = true
      })
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      assert.equal(isAnswered, false, 'nobody is answered while the disk works')
      gate.open(disk)
      const expected = disk === 'takes' ? ['ok', told] : ['ServiceUnavailable', 'ServiceUnavailable']
      assert.deepEqual(await Promise.all(outcomes), expected)
      await close()
    })
  }
}

const outcomeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error) => error.reason ?? String(error),
  )

/** A server on a store whose disk can be held. */
async function cloudWithGate() {
  let held: PromiseWithResolvers<void> | undefined
  const store = new RevisionedStore({
    state: new MemoryState(),
    backend: {
      write: async () => held?.promise,
      backup: () => assert.fail('no backups here'),
      close: async () => {},
    },
    clock: systemClock,
    logger: silentLogger,
    retention: DEFAULT_RETENTION,
  })
  const cloud = createCloud(seededRandom(1), { kinds: ['configmaps', 'namespaces'], store })
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: at.namespace } }
  await cloud.reliable.resource(NAMESPACES).create(namespace)
  return {
    maps: new Client({ transport: withoutRetryAfter(cloud.reliable.transport) }).resource(CONFIG_MAPS),
    close: () => cloud.close(),
    disk: {
      close() {
        held = Promise.withResolvers<void>()
      },
      open(how: 'takes' | 'refuses') {
        const was = held
        held = undefined
        if (how === 'takes') was?.resolve()
        else was?.reject(new StoreError('unavailable', 'the disk is full'))
      },
    },
  }
}

/** The client does not try again by itself. */
function withoutRetryAfter(inner: Transport): Transport {
  return {
    close: () => inner.close(),
    async request(request) {
      const response = await inner.request(request)
      return { ...response, headers: { ...response.headers, 'retry-after': undefined } }
    },
  }
}
