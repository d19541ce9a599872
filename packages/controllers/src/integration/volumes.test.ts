import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DIRECTORY, TO_CLEAR } from '@brume/api/local-volumes'
import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import {
  EVENTS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  STATEFUL_SETS,
  STORAGE_CLASSES,
} from '@brume/client/builtin'
import { eventually as within } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { gone } from './cluster.ts'
import { workload } from './workloads.ts'

const NS = 'volumes'
const LIMIT_MS = 30_000

const eventually: typeof within = (what, probe) => within(what, probe, LIMIT_MS)

describe('volumes on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({
    namespace: NS,
    async prepare(client) {
      for (const name of ['n1', 'n2']) {
        await client.resource(NODES).create({
          apiVersion: 'v1',
          kind: 'Node',
          metadata: {
            name,
            labels: { 'kubernetes.io/hostname': name },
            annotations: { [DIRECTORY]: '/data/node/local-volumes' },
          },
          status: { allocatable: { cpu: '4', memory: '8Gi', pods: '50' } },
        })
        await client.resource(NODES).patch({ name }, { type: 'merge', body: { spec: { taints: null } } })
      }
    },
  })

  const claims = () => cluster.client.resource(PERSISTENT_VOLUME_CLAIMS)
  const volumes = () => cluster.client.resource(PERSISTENT_VOLUMES)
  const pods = () => cluster.client.resource(PODS)
  const getClaim = (name: string) => claims().get({ namespace: NS, name })
  const makeClaim = (name: string, spec: object): Promise<KubeObject> =>
    claims().create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: NS },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    })
  const makeVolume = (name: string, spec: object): Promise<KubeObject> =>
    volumes().create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        capacity: { storage: '2Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: `/somewhere/${name}` },
        persistentVolumeReclaimPolicy: 'Retain',
        ...spec,
      },
    })
  const makePod = (name: string, podVolumes: object[]): Promise<KubeObject> =>
    pods().create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NS },
      spec: { containers: [{ name: 'main', image: 'example.org/app:1' }], volumes: podVolumes },
    })
  const using = (claimName: string) => [{ name: 'data', persistentVolumeClaim: { claimName } }]
  const nodeOf = async (name: string): Promise<string | undefined> =>
    (await pods().get({ namespace: NS, name }))['spec'].nodeName
  const bound = (name: string) => eventually(`${name} to be bound to a node`, () => nodeOf(name))
  const phaseOf = async (name: string) => (await volumes().get({ name }))['status'].phase
  const said = (about: string, reason: string) =>
    eventually(`the event ${reason} about ${about}`, async () => {
      const { items } = await cluster.client.resource(EVENTS).list({ namespace: NS })
      return items.find((each) => each['involvedObject'].name === about && each['reason'] === reason)
    })

  it("gives a StatefulSet's pod a directory of its node, and its successor the same one", async () => {
    const set = workload({
      kind: 'StatefulSet',
      name: 'db',
      namespace: NS,
      spec: {
        serviceName: 'db',
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    })
    await cluster.client.resource(STATEFUL_SETS).create(set)
    const node = await eventually('db-0 to be bound to a node', async () => {
      try {
        return await nodeOf('db-0')
      } catch (error) {
        if (isStatus(error, 'NotFound')) return undefined
        throw error
      }
    })
    const claim = await getClaim('data-db-0')
    assert.equal(claim['status'].phase, 'Bound')
    const volume = await volumes().get({ name: claim['spec'].volumeName })
    assert.deepEqual(volume['spec'].hostPath, {
      path: `/data/node/local-volumes/${volume.metadata.name}`,
      type: 'DirectoryOrCreate',
    })
    const [term] = volume['spec'].nodeAffinity.required.nodeSelectorTerms
    assert.deepEqual(term.matchExpressions[0].values, [node])
    const first = await pods().get({ namespace: NS, name: 'db-0' })
    await pods().delete({ namespace: NS, name: 'db-0' }, { gracePeriodSeconds: 0 })
    await eventually('a successor on the same node', async () => {
      try {
        const pod = await pods().get({ namespace: NS, name: 'db-0' })
        return pod.metadata.uid !== first.metadata.uid && pod['spec'].nodeName === node
      } catch (error) {
        if (isStatus(error, 'NotFound')) return false
        throw error
      }
    })
  })

  it('clears the directory of a deleted claim on its node, then lets the volume go', async () => {
    await cluster.client.resource(STATEFUL_SETS).delete({ namespace: NS, name: 'db' })
    await eventually('the pod to go', () =>
      gone(cluster.client, PODS, { namespace: NS, name: 'db-0' }).then(async (is) => {
        if (!is)
          await pods()
            .delete({ namespace: NS, name: 'db-0' }, { gracePeriodSeconds: 0 })
            .catch(() => {})
        return is
      }),
    )
    const { spec } = await getClaim('data-db-0')
    const name: string = spec.volumeName
    const hostname = (await volumes().get({ name }))['spec'].nodeAffinity.required.nodeSelectorTerms[0]
      .matchExpressions[0].values[0]
    await claims().delete({ namespace: NS, name: 'data-db-0' })
    const node = await eventually('the node to be told', async () => {
      const object = await cluster.client.resource(NODES).get({ name: hostname })
      return object.metadata.annotations?.[TO_CLEAR] === name ? object : undefined
    })
    assert.ok((await volumes().get({ name })).metadata.deletionTimestamp, 'is being deleted')
    // As the agent does when the directory is gone.
    const body = { metadata: { annotations: { [TO_CLEAR]: null } } }
    await cluster.client.resource(NODES).patch({ name: node.metadata.name! }, { type: 'merge', body })
    await eventually('the volume to go', () => gone(cluster.client, PERSISTENT_VOLUMES, { name }))
  })

  it('binds a claim to the smallest volume that suits, keeps a retained one, and never gives it to the next', async () => {
    await makeVolume('large', { capacity: { storage: '10Gi' } })
    await makeVolume('small', {})
    await eventually('both to be available', async () =>
      (await Promise.all(['large', 'small'].map(phaseOf))).every((phase) => phase === 'Available'),
    )
    await makeClaim('mine', { storageClassName: '' })
    await eventually(
      'the claim to be bound',
      async () => (await getClaim('mine'))['status'].phase === 'Bound',
    )
    const { spec, status } = await getClaim('mine')
    assert.deepEqual([spec.volumeName, status.capacity.storage], ['small', '2Gi'])
    assert.equal(await phaseOf('small'), 'Bound')
    await claims().delete({ namespace: NS, name: 'mine' })
    await eventually('the volume to be released', async () => (await phaseOf('small')) === 'Released')
    await makeClaim('mine', { storageClassName: '' })
    await eventually(
      'the next claim to be bound',
      async () => (await getClaim('mine'))['status'].phase === 'Bound',
    )
    assert.equal((await getClaim('mine'))['spec'].volumeName, 'large')
  })

  it('places a pod where a volume is that waits for its first pod', async () => {
    await cluster.client.resource(STORAGE_CLASSES).create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'disks' },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    })
    await makeClaim('disk', { storageClassName: 'disks' })
    await said('disk', 'WaitForFirstConsumer')
    await makePod('user', using('disk'))
    await eventually('the pod to be refused', async () => {
      const { status } = await pods().get({ namespace: NS, name: 'user' })
      return /didn't find available persistent volumes to bind/.test(status.conditions?.[0]?.message ?? '')
    })
    const values = ['n2']
    const affinity = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values }] }
    await makeVolume('disk-n2', {
      storageClassName: 'disks',
      nodeAffinity: { required: { nodeSelectorTerms: [affinity] } },
    })
    assert.equal(await bound('user'), 'n2')
    assert.equal((await getClaim('disk'))['spec'].volumeName, 'disk-n2')
  })

  it('lets one pod at a time use a ReadWriteOncePod claim', async () => {
    await makeClaim('single', { accessModes: ['ReadWriteOncePod'] })
    await makePod('one', using('single'))
    await bound('one')
    await makePod('two', using('single'))
    await eventually('the second to be told', async () => {
      const { status } = await pods().get({ namespace: NS, name: 'two' })
      return /ReadWriteOncePod access mode/.test(status.conditions?.[0]?.message ?? '')
    })
    await pods().delete({ namespace: NS, name: 'one' }, { gracePeriodSeconds: 0 })
    await bound('two')
  })

  it("makes the claim of a pod's ephemeral volume, which goes with the pod", async () => {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    await makePod('scratch', [{ name: 'tmp', ephemeral: { volumeClaimTemplate: { spec } } }])
    await bound('scratch')
    const claim = await getClaim('scratch-tmp')
    assert.equal(claim.metadata.ownerReferences?.[0]?.kind, 'Pod')
    await pods().delete({ namespace: NS, name: 'scratch' }, { gracePeriodSeconds: 0 })
    await eventually('the claim to go', () =>
      gone(cluster.client, PERSISTENT_VOLUME_CLAIMS, { namespace: NS, name: 'scratch-tmp' }),
    )
  })

  it('says of a claim that cannot be served why', async () => {
    await makeClaim('shared', { accessModes: ['ReadWriteMany'] })
    await makePod('reader', using('shared'))
    const event = await said('shared', 'ProvisioningFailed')
    assert.match(event['message'], /ReadWriteMany is not possible, ask for ReadWriteOnce/)
    await makeClaim('nowhere', { storageClassName: 'absent' })
    const other = await said('nowhere', 'ProvisioningFailed')
    assert.equal(other['message'], 'storageclass.storage.k8s.io "absent" not found')
  })
})
