import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { quotaStatus } from '@brume/api/quota/quota-status'
import { compareQuantity } from '@brume/base/quantity'
import { createQuotaLedger } from './quota-ledger.ts'
import { object, testState } from './testing.ts'

const PODS = { group: '', plural: 'pods' }

/** Mulberry32: the same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

for (const seed of [1, 2, 3]) {
  test(`the sums never drift from what is there (seed ${seed})`, () => {
    const { objects, deps } = testState()
    const random = numbers(seed)
    const spec = { hard: { pods: '9', 'requests.memory': '9Gi', 'count/pods': '9' } }
    const quota = objects.put(
      '',
      'resourcequotas',
      object('ResourceQuota', { namespace: 'ns', name: 'q' }, { spec }),
    )
    const ledger = createQuotaLedger(deps.reader, deps.clock)
    const there = new Map<string, KubeObject>()
    for (let step = 0; step < 500; step++) {
      const name = `p${random(20)}`
      const old = there.get(name)
      if (old === undefined) {
        const resources = { requests: { memory: `${1 + random(900)}Mi` } }
        const metadata = { namespace: random(5) === 0 ? 'other' : 'ns', name, uid: String(step) }
        const created = object('Pod', metadata, {
          spec: { containers: [{ name: 'c', resources }] },
          status: {},
        })
        const amount = { pods: '1', 'count/pods': '1', 'requests.memory': resources.requests.memory }
        const takes = metadata.namespace === 'ns' ? [{ quota, amount }] : []
        const release = ledger.reserve({ of: PODS, object: created, isCreate: true, takes })
        if (random(4) === 0) release()
        else there.set(name, objects.put('', 'pods', created))
      } else if (random(2) === 0) {
        const phase = random(2) === 0 ? 'Succeeded' : 'Running'
        there.set(name, objects.put('', 'pods', { ...old, status: { phase } }))
      } else {
        objects.remove('', 'pods', old.metadata.namespace!, name)
        there.delete(name)
      }
      const { used } = quotaStatus(quota, ({ plural }) => objects.list('', plural, 'ns'), deps.clock.now())
      const shown = ledger.used(quota)
      for (const [resource, amount] of Object.entries(used)) {
        assert.equal(
          compareQuantity(shown[resource]!, amount),
          0,
          `step ${step}: ${resource} ${shown[resource]} ${amount}`,
        )
      }
    }
    assert.ok(there.size > 0)
  })
}
