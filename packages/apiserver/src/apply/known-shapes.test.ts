import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { schemaFor } from '@brume/api/schema/compile'
import { type Random, randomSpec, seeded } from './testing/random.ts'
import { DEPLOYMENT, POD, widget } from './testing/schemas.ts'
import { update } from './testing/updating.ts'

const CASES = 2_000

const STATEFUL_SET = schemaFor('io.k8s.api.apps.v1.StatefulSet')

/** What resets is compared by identity, so that a list of its own is never found among what is known. */
const madeAnew = (options: Parameters<typeof update>[0]) => update({ ...options, resetFields: [] })

test('objects of one shape share one set, whatever their values are', () => {
  const set = (name: string, container: object) => {
    const updated = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [container] } }
    return update({ schema: POD, updated })[0]?.fieldsV1
  }
  const first = set('x', { name: 'a', image: 'one' })
  assert.equal(set('y', { name: 'a', image: 'two' }), first)
  assert.ok(Object.isFrozen(first))
  assert.notDeepEqual(set('x', { name: 'b', image: 'one' }), first)
})

test('a set that is known is the one that would be made', () => {
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const updated = widget({ spec: randomSpec(random) })
    assert.deepEqual(update({ updated }), madeAnew({ updated }), `widget, seed ${seed}`)
    const pod = randomPod(random)
    assert.deepEqual(
      update({ schema: POD, updated: pod }),
      madeAnew({ schema: POD, updated: pod }),
      `pod, seed ${seed}`,
    )
    const spec = { replicas: random.below(2), paused: random.chance(0.5), template: { spec: pod['spec'] } }
    const options = { schema: DEPLOYMENT, updated: { ...pod, kind: 'Deployment', spec } }
    assert.deepEqual(update(options), madeAnew(options), `deployment, seed ${seed}`)
    const named = { ...spec, serviceName: random.pick(['', 'x']) }
    const set = { schema: STATEFUL_SET, updated: { ...pod, kind: 'StatefulSet', spec: named } }
    assert.deepEqual(update(set), madeAnew(set), `stateful set, seed ${seed}`)
  }
})

test('what resets is told apart', () => {
  const updated = widget({ spec: { size: 1 } })
  const resetFields = [['spec']]
  assert.notDeepEqual(update({ updated, resetFields }), update({ updated }))
  assert.deepEqual(update({ updated, resetFields }), update({ updated, resetFields: [['spec']] }))
})

/** Few values, empty ones among them, so that shapes come again with one thing changed. */
function randomPod(random: Random): KubeObject {
  const maybe = (fields: Record<string, unknown>) => (random.chance(0.5) ? fields : {})
  const container = () => ({
    name: random.pick(['a', 'b']),
    ...maybe({ image: random.pick(['', 'x', 'y']) }),
    ...maybe({ args: random.pick([[], ['x'], null]) }),
    ...maybe({ resources: random.pick([{}, { limits: {} }, { limits: { cpu: '1' } }]) }),
    ...maybe({ ports: random.pick([[], [{ containerPort: 80 }], [{ containerPort: 80, protocol: 'UDP' }]]) }),
    ...maybe({ env: random.pick([[{ name: 'A', value: '' }], [{ name: 'A' }, { name: 'A', value: 'x' }]]) }),
  })
  const containers = random.pick([null, [], [container()], [container(), container()]])
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'x',
      ...maybe({ creationTimestamp: random.pick([null, '2026-01-01T00:00:00Z']) }),
      ...maybe({ labels: random.pick([{}, { a: '' }, { a: 'x' }, { b: 'x' }]) }),
      ...maybe({ finalizers: random.pick([[], ['a/b'], ['c/d'], ['a/b', 'c/d'], ['a/b', 'a/b']]) }),
    },
    ...maybe({
      spec: { containers, ...maybe({ nodeName: random.pick(['', 'n']), hostNetwork: random.chance(0.5) }) },
    }),
    ...maybe({ status: random.pick([{}, { phase: '' }, { phase: 'Pending' }]) }),
  }
}
