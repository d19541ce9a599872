import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS, STATEFUL_SETS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { hasKubectl, imagesOf, kubectl, podsOf, template, workload } from './workloads.ts'

const NS = 'states'

describe('StatefulSets on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({ namespace: NS, nodes: ['node-1', 'node-2'] })

  const at = (name: string) => ({ namespace: NS, name })
  const sets = () => cluster.client.resource(STATEFUL_SETS)
  const make = (name: string, spec: object) =>
    sets().create(
      workload({ kind: 'StatefulSet', name, namespace: NS, spec: { serviceName: name, ...spec } }),
    )
  const change = (name: string, spec: object) => sets().patch(at(name), { type: 'merge', body: { spec } })
  const settled = (name: string, count: number) =>
    eventually(`${name} has ${count} pods of its version`, async () => {
      const { status, metadata } = await sets().get(at(name))
      const counts = [status.replicas, status.readyReplicas, status.updatedReplicas].map((n) => n ?? 0)
      const done = counts.every((n) => n === count) && status.currentRevision === status.updateRevision
      return done && status.observedGeneration === metadata.generation && status
    })
  const named = (pods: readonly KubeObject[]) => pods.map(({ metadata }) => metadata.name).sort()
  const claims = async () =>
    named((await cluster.client.resource(PERSISTENT_VOLUME_CLAIMS).list({ namespace: NS })).items)

  it('makes pods in order, each with its name, labels and claim', async () => {
    cluster.kubelet.hold = (pod) => pod.metadata.name === 'db-1'
    await make('db', {
      replicas: 3,
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    })
    await eventually(
      'the second pod waits',
      async () => (await podsOf(cluster.client, NS, 'db')).length === 2,
    )
    cluster.kubelet.hold = () => false
    cluster.kubelet.look()
    await settled('db', 3)
    const pods = await podsOf(cluster.client, NS, 'db')
    assert.deepEqual(named(pods), ['db-0', 'db-1', 'db-2'])
    const [first] = pods
    assert.equal(first!.metadata.labels!['statefulset.kubernetes.io/pod-name'], 'db-0')
    assert.equal(first!.metadata.labels!['apps.kubernetes.io/pod-index'], '0')
    assert.deepEqual([first!['spec'].hostname, first!['spec'].subdomain], ['db-0', 'db'])
    assert.equal(first!['spec'].volumes[0].persistentVolumeClaim.claimName, 'data-db-0')
    assert.deepEqual(await claims(), ['data-db-0', 'data-db-1', 'data-db-2'])
  })

  it('updates from the last to the partition, and goes back', async () => {
    await change('db', {
      template: template({ app: 'db' }, '2'),
      updateStrategy: { rollingUpdate: { partition: 2 } },
    })
    await eventually('only the last is new', async () => {
      const { status } = await sets().get(at('db'))
      return status.updatedReplicas === 1 && status.readyReplicas === 3
    })
    assert.deepEqual(imagesOf(await podsOf(cluster.client, NS, 'db')), ['1', '1', '2'])
    await change('db', { updateStrategy: { rollingUpdate: { partition: 0 } } })
    await settled('db', 3)
    assert.deepEqual(imagesOf(await podsOf(cluster.client, NS, 'db')), ['2', '2', '2'])
  })

  it('answers kubectl rollout', { skip: !hasKubectl && 'kubectl 1.32 is not here' }, async () => {
    const run = (...args: string[]) => kubectl(cluster.plane.kubeconfig, '-n', NS, ...args)
    assert.match(await run('rollout', 'history', 'sts/db'), /^1 .*\n2 /m)
    await run('rollout', 'undo', 'sts/db')
    assert.match(
      await run('rollout', 'status', 'sts/db', '--timeout=30s'),
      /rolling update complete|roll out complete/,
    )
    await settled('db', 3)
    assert.deepEqual(imagesOf(await podsOf(cluster.client, NS, 'db')), ['1', '1', '1'])
    const { items } = await cluster.client.resource(CONTROLLER_REVISIONS).list({ namespace: NS })
    assert.deepEqual(items.map(({ revision }) => revision).sort(), [2, 3])
  })

  it('scales down from the last and deletes claims only where it was asked to', async () => {
    await change('db', { replicas: 2 })
    await settled('db', 2)
    assert.deepEqual(await claims(), ['data-db-0', 'data-db-1', 'data-db-2'])
    await change('db', {
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' },
    })
    await eventually('claims are owned by the set', async () => {
      const claim = await cluster.client.resource(PERSISTENT_VOLUME_CLAIMS).get(at('data-db-0'))
      return claim.metadata.ownerReferences?.[0]?.kind === 'StatefulSet'
    })
    await change('db', { replicas: 1 })
    await settled('db', 1)
    await eventually(
      'the claim of the pod that went is gone',
      async () => !(await claims()).includes('data-db-1'),
    )
    await sets().delete(at('db'))
    await eventually('all but the claim of before is gone', async () => {
      return (await podsOf(cluster.client, NS, 'db')).length === 0 && (await claims()).join() === 'data-db-2'
    })
  })

  it('makes all at once when they are Parallel, from the first ordinal that it was given', async () => {
    cluster.kubelet.hold = () => true
    await make('many', { replicas: 3, podManagementPolicy: 'Parallel', ordinals: { start: 5 } })
    const pods = await eventually('all are there', async () => {
      const list = await podsOf(cluster.client, NS, 'many')
      return list.length === 3 && list
    })
    assert.deepEqual(named(pods), ['many-5', 'many-6', 'many-7'])
    cluster.kubelet.hold = () => false
    cluster.kubelet.look()
    await settled('many', 3)
  })

  it('leaves old pods alone until they are deleted, with OnDelete', async () => {
    await make('slow', { replicas: 2, updateStrategy: { type: 'OnDelete' } })
    await eventually('both run', async () => (await sets().get(at('slow')))['status'].readyReplicas === 2)
    await change('slow', { template: template({ app: 'slow' }, '2') })
    await eventually('the new revision is known', async () => {
      const { status } = await sets().get(at('slow'))
      return status.currentRevision !== status.updateRevision
    })
    const [first] = await podsOf(cluster.client, NS, 'slow')
    await cluster.client
      .resource({ group: '', version: 'v1', plural: 'pods', namespaced: true })
      .delete(at(first!.metadata.name!))
    await eventually('the deleted one is new', async () => {
      return imagesOf(await podsOf(cluster.client, NS, 'slow')).join() === '1,2'
    })
  })
})
