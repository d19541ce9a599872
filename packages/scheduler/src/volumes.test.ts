import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { check, zones } from './filter-cases.ts'
import { cluster, node, placeOn, pod } from './fixtures.ts'
import type { Json } from './pod-info.ts'
import { NO_VOLUMES, SELECTED_NODE, type VolumeReader } from './volumes.ts'

const user = { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] } }

const claim = (spec: Json = {}, metadata: Json = {}, status: Json = { phase: 'Pending' }): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'ns', uid: 'c1', ...metadata },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'late',
    resources: { requests: { storage: '1Gi' } },
    ...spec,
  },
  status,
})

const volumeIn = (zone: string, name = `pv-${zone}`): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'late',
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }],
      },
    },
  },
  status: { phase: 'Available' },
})

interface World {
  claims?: KubeObject[]
  volumes?: KubeObject[]
  storageClass?: Json
  taken?: string[]
}

function reader({ claims = [claim()], volumes = [], storageClass = {}, taken = [] }: World): VolumeReader {
  return {
    ...NO_VOLUMES,
    claim: (_, name) => claims.find(({ metadata }) => metadata.name === name),
    volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
    storageClass: (name) => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
      ...storageClass,
    }),
    volumes: () => volumes,
    taken: new Set(taken),
  }
}

const provisioned = { provisioner: 'example.org/disks' }
const NONE = "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind."

describe('claims that wait for their first pod', () => {
  check([
    {
      title: 'lead it to where a volume suits them',
      in: cluster({ ...zones, volumes: reader({ volumes: [volumeIn('y')] }) }),
      pod: pod('p', user),
      gives: 'b',
    },
    {
      title: 'wait where no volume suits them and none is made',
      in: cluster({ ...zones, volumes: reader({}) }),
      pod: pod('p', user),
      gives: NONE,
    },
    {
      title: 'never take a volume that another is about to get',
      in: cluster({ ...zones, volumes: reader({ volumes: [volumeIn('y')], taken: ['pv-y'] }) }),
      pod: pod('p', user),
      gives: NONE,
    },
    {
      title: 'go where their class makes volumes',
      in: cluster({
        ...zones,
        volumes: reader({
          storageClass: {
            ...provisioned,
            allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['y'] }] }],
          },
        }),
      }),
      pod: pod('p', user),
      gives: 'b',
    },
    {
      title: 'stay with the node that was chosen for them before',
      in: cluster({
        ...zones,
        volumes: reader({
          claims: [claim({}, { annotations: { [SELECTED_NODE]: 'b' } })],
          storageClass: provisioned,
        }),
      }),
      pod: pod('p', user),
      gives: 'b',
    },
  ])

  it('say what has to be bound and what has to be made, each volume once', () => {
    const two = {
      spec: {
        volumes: ['data', 'logs'].map((claimName) => ({
          name: claimName,
          persistentVolumeClaim: { claimName },
        })),
      },
    }
    const claims = [claim(), claim({}, { name: 'logs', uid: 'c2' })]
    const volumes = [volumeIn('x')]
    const snapshot = cluster({
      nodes: [node('a', { labels: { zone: 'x' } })],
      volumes: reader({ claims, volumes, storageClass: provisioned }),
    })
    const placed = placeOn(snapshot, pod('p', two))
    assert.ok(placed.node === 'a')
    const names = placed.volumes?.bind.map((each) => [each.claim.metadata.name, each.volume.metadata.name])
    assert.deepEqual(names, [['data', 'pv-x']])
    assert.deepEqual(
      placed.volumes?.provision.map(({ metadata }) => metadata.name),
      ['logs'],
    )
  })
})

describe('a claim that one pod may use at a time', () => {
  const single = reader({
    claims: [claim({ accessModes: ['ReadWriteOncePod'], volumeName: 'pv-y' }, {}, { phase: 'Bound' })],
    volumes: [volumeIn('y')],
  })
  check([
    {
      title: 'keeps a second pod away from every node',
      in: cluster({ ...zones, volumes: single, pods: { b: [pod('o', user)] } }),
      pod: pod('p', user),
      gives:
        '0/2 nodes are available: 2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.',
    },
    {
      title: 'takes a pod when nobody uses it',
      in: cluster({ ...zones, volumes: single }),
      pod: pod('p', user),
      gives: 'b',
    },
  ])
})
