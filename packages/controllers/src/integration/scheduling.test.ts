import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { EVENTS, NODES, PODS, PRIORITY_CLASSES } from '@brume/client/builtin'
import { eventually as within } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'

const NS = 'placing'
const LIMIT_MS = 15_000

const eventually: typeof within = (what, probe) => within(what, probe, LIMIT_MS)

describe('the scheduler on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({ namespace: NS })

  /** A new node is tainted until something finds it ready. */
  const createNode = async (name: string) => {
    await cluster.client.resource(NODES).create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      status: { allocatable: { cpu: '2', memory: '4Gi', pods: '20' } },
    })
    await cluster.client.resource(NODES).patch({ name }, { type: 'merge', body: { spec: { taints: null } } })
  }
  const pods = () => cluster.client.resource(PODS)
  const make = (name: string, requests: object, spec: object = {}): Promise<KubeObject> =>
    pods().create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NS },
      spec: { containers: [{ name: 'main', image: 'example.org/app:1', resources: { requests } }], ...spec },
    })
  const get = (name: string) => pods().get({ namespace: NS, name })
  const nodeOf = async (name: string): Promise<string | undefined> => (await get(name))['spec'].nodeName
  const condition = async (name: string) =>
    (await get(name))['status'].conditions?.find(({ type }: { type: string }) => type === 'PodScheduled')
  const refusal = (name: string, pattern: RegExp) =>
    eventually(`${name} to be refused with ${pattern}`, async () => {
      const said = await condition(name)
      return said?.status === 'False' && said.reason === 'Unschedulable' && pattern.test(said.message)
    })
  const bound = (name: string) => eventually(`${name} to be bound`, () => nodeOf(name))
  const event = (name: string, reason: string) =>
    eventually(`the event ${reason} of ${name}`, async () => {
      const { items } = await cluster.client.resource(EVENTS).list({ namespace: NS })
      return items.find((each) => each['involvedObject'].name === name && each['reason'] === reason)
    })

  it('places a pod that waited as soon as there is a node, and says so', async () => {
    await make('first', { cpu: '1' })
    await createNode('n1')
    assert.equal(await bound('first'), 'n1')
    const scheduled = await event('first', 'Scheduled')
    assert.equal(scheduled['message'], `Successfully assigned ${NS}/first to n1`)
    assert.equal((await condition('first')).status, 'True')
  })

  it('says why a pod fits nowhere, and places it when the pod in its way is gone', async () => {
    await make('second', { cpu: '2' })
    await refusal(
      'second',
      /^0\/1 nodes are available: 1 Insufficient cpu\. preemption: 0\/1 nodes are available: /,
    )
    const failed = await event('second', 'FailedScheduling')
    assert.match(
      failed['message'],
      /To place it: ask for less cpu \(asked for 2, at most 1 is free on a node\)/,
    )
    await pods().delete({ namespace: NS, name: 'first' }, { gracePeriodSeconds: 0 })
    assert.equal(await bound('second'), 'n1')
  })

  it('places a pod when the node that it wants is labelled', async () => {
    await make('third', {}, { nodeSelector: { disk: 'fast' } })
    await refusal('third', /1 node\(s\) didn't match Pod's node affinity\/selector/)
    const body = { metadata: { labels: { disk: 'fast' } } }
    await cluster.client.resource(NODES).patch({ name: 'n1' }, { type: 'merge', body })
    assert.equal(await bound('third'), 'n1')
  })

  it('leaves gated pods and those of other schedulers alone', async () => {
    await make('gated', {}, { schedulingGates: [{ name: 'example.org/wait' }] })
    await make('foreign', {}, { schedulerName: 'other' })
    await make('probe', {})
    await bound('probe')
    assert.equal(await nodeOf('gated'), undefined)
    assert.equal((await condition('gated')).reason, 'SchedulingGated')
    assert.equal(await nodeOf('foreign'), undefined)
    await pods().patch(
      { namespace: NS, name: 'gated' },
      { type: 'merge', body: { spec: { schedulingGates: null } } },
    )
    assert.equal(await bound('gated'), 'n1')
  })

  it('lets a more important pod take the place of another, gracefully', async () => {
    await cluster.client.resource(PRIORITY_CLASSES).create({
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'important' },
      value: 1000,
    })
    await make('urgent', { cpu: '2' }, { priorityClassName: 'important' })
    await eventually('the victim to be told', async () => {
      const victim = await get('second')
      const { deletionTimestamp } = victim.metadata
      const reasons = victim['status'].conditions.map(({ reason }: { reason?: string }) => reason)
      return deletionTimestamp !== undefined && reasons.includes('PreemptionByScheduler')
    })
    assert.equal((await get('urgent'))['status'].nominatedNodeName, 'n1')
    await event('second', 'Preempted')
    await pods().delete({ namespace: NS, name: 'second' }, { gracePeriodSeconds: 0 })
    assert.equal(await bound('urgent'), 'n1')
  })

  it('never promises more memory than there is, however many pods come at once', async () => {
    await createNode('n2')
    const names = Array.from({ length: 12 }, (_, index) => `crowd-${index}`)
    await Promise.all(names.map((name) => make(name, { memory: '1Gi' })))
    // Four fit on each of the two nodes; the others are told.
    await eventually('every pod to have an answer', async () => {
      const said = await Promise.all(names.map(condition))
      return said.every((each) => each !== undefined)
    })
    const nodes = await Promise.all(names.map(nodeOf))
    const on = (name: string) => nodes.filter((each) => each === name).length
    assert.deepEqual([on('n1'), on('n2')], [4, 4])
  })
})
