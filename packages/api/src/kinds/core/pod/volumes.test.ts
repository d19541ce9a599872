import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../../validate/json.ts'
import { createErrors, podObject } from '../../fixtures.ts'
import { pod } from './kind.ts'

const V = 'spec.volumes[0]'
const withVolume = (source: Json, metadata: Json = {}) =>
  createErrors(pod, podObject({ volumes: [{ name: 'v', ...source }], serviceAccountName: 'sa' }, metadata))

test('volumes have one name and one source', () => {
  assert.deepEqual(
    createErrors(pod, podObject({ volumes: [{ name: 'a' }, { name: 'a' }, { emptyDir: {} }] })),
    ['spec.volumes[1].name: Duplicate value: "a"', 'spec.volumes[2].name: Required value'],
  )
  assert.deepEqual(withVolume({ emptyDir: {}, hostPath: { path: '/x' } }), [
    `${V}.hostPath: Forbidden: may not specify more than 1 volume type`,
  ])
})

test('each kind of source has its rules', () => {
  const cases: [Json, string[]][] = [
    [
      { emptyDir: { sizeLimit: '-1' } },
      [`${V}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity`],
    ],
    [{ hostPath: {} }, [`${V}.hostPath.path: Required value`]],
    [
      { hostPath: { path: '/a/../b' } },
      [`${V}.hostPath.path: Invalid value: "/a/../b": must not contain '..'`],
    ],
    [{ secret: {} }, [`${V}.secret.secretName: Required value`]],
    [
      { secret: { secretName: 's', defaultMode: 512 } },
      [
        `${V}.secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive`,
      ],
    ],
    [
      { configMap: { name: 'c', items: [{ key: 'k', path: '/abs' }] } },
      [`${V}.configMap.items[0].path: Invalid value: "/abs": must be a relative path`],
    ],
    [
      { configMap: { name: 'c', items: [{}] } },
      [`${V}.configMap.items[0].key: Required value`, `${V}.configMap.items[0].path: Required value`],
    ],
    [{ persistentVolumeClaim: {} }, [`${V}.persistentVolumeClaim.claimName: Required value`]],
    [
      { downwardAPI: { items: [{ path: 'a' }] } },
      [`${V}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`],
    ],
    [
      { projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 1 } }] } },
      [
        `${V}.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes`,
      ],
    ],
    [
      {
        projected: {
          sources: [
            { secret: { name: 's', items: [{ key: 'k', path: 'p' }] } },
            { configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
          ],
        },
      },
      [`${V}.projected: Invalid value: "c": conflicting duplicate paths`],
    ],
    [
      { projected: { sources: [{ secret: { name: 's' }, configMap: { name: 'c' } }] } },
      [`${V}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source`],
    ],
    [{ nfs: { server: 's', path: 'x' } }, [`${V}.nfs.path: Invalid value: "x": must be an absolute path`]],
    [
      { csi: { driver: 'd', nodePublishSecretRef: {} } },
      [`${V}.csi.nodePublishSecretRef.name: Required value`],
    ],
    [{ ephemeral: {} }, [`${V}.ephemeral.volumeClaimTemplate: Required value`]],
    [
      {
        ephemeral: {
          volumeClaimTemplate: {
            metadata: { name: 'x' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        },
      },
      [`${V}.ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set`],
    ],
    [
      { iscsi: { targetPortal: 't', iqn: 'abc' } },
      [`${V}.iscsi.iqn: Invalid value: "abc": must be valid format starting with iqn, eui, or naa`],
    ],
    [
      { flexVolume: { driver: 'd', options: { 'kubernetes.io/x': '1' } } },
      [
        `${V}.flexVolume.options[kubernetes.io/x]: Invalid value: "kubernetes.io/x": kubernetes.io and k8s.io namespaces are reserved`,
      ],
    ],
    [
      { fc: {} },
      [`${V}.fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both`],
    ],
    [{ rbd: {} }, [`${V}.rbd.monitors: Required value`, `${V}.rbd.image: Required value`]],
  ]
  for (const [source, expected] of cases) assert.deepEqual(withVolume(source), expected)
  assert.match(
    createErrors(pod, podObject({ volumes: [{ name: 'v', hostPath: { path: '/x', type: 'Odd' } }] }))[0]!,
    /^spec\.volumes\[0\]\.hostPath\.type: Unsupported value: "Odd": supported values: "", "BlockDevice"/,
  )
})

test('a projected token needs a service account', () => {
  const volumes = [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }]
  assert.deepEqual(createErrors(pod, podObject({ volumes })), [
    `${V}.projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set`,
  ])
})

test('claims of ephemeral volumes are the pod’s own', () => {
  const ephemeral = {
    volumeClaimTemplate: {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  }
  const volumes = [
    { name: 'a', ephemeral },
    { name: 'b', persistentVolumeClaim: { claimName: 'p-a' } },
  ]
  assert.deepEqual(createErrors(pod, podObject({ volumes })), [
    'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "p-a": must not reference a PVC that gets created for an ephemeral volume',
  ])
})

test('mounts name volumes and have places of their own', () => {
  const M = 'spec.containers[0].volumeMounts'
  const mounted = (volumeMounts: Json[], container: Json = {}) =>
    createErrors(
      pod,
      podObject({
        volumes: [{ name: 'v' }, { name: 'p', persistentVolumeClaim: { claimName: 'c' } }],
        containers: [{ name: 'c', image: 'a', volumeMounts, ...container }],
      }),
    )
  const cases: [Json[], string[]][] = [
    [[{ name: 'x', mountPath: '/x' }], [`${M}[0].name: Not found: "x"`]],
    [[{ name: 'v' }], [`${M}[0].mountPath: Required value`]],
    [
      [
        { name: 'v', mountPath: '/a' },
        { name: 'v', mountPath: '/a' },
      ],
      [`${M}[1].mountPath: Invalid value: "/a": must be unique`],
    ],
    [
      [{ name: 'v', mountPath: '/a', subPath: '../x' }],
      [`${M}.subPath: Invalid value: "../x": must not contain '..'`],
    ],
    [
      [{ name: 'v', mountPath: '/a', subPath: 'x', subPathExpr: 'y' }],
      [`${M}[0].subPathExpr: Invalid value: "y": subPathExpr and subPath are mutually exclusive`],
    ],
    [
      [{ name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' }],
      [
        `${M}.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
      ],
    ],
    [
      [{ name: 'v', mountPath: '/a', recursiveReadOnly: 'Enabled' }],
      [`${M}.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`],
    ],
  ]
  for (const [mounts, expected] of cases) assert.deepEqual(mounted(mounts), expected)
  const D = 'spec.containers[0].volumeDevices[0]'
  assert.deepEqual(mounted([], { volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }), [
    `${D}.name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
  ])
  assert.deepEqual(
    mounted([{ name: 'p', mountPath: '/p' }], { volumeDevices: [{ name: 'p', devicePath: '/p' }] }),
    [
      `${M}[0].name: Invalid value: "p": must not already exist in volumeDevices`,
      `${M}[0].mountPath: Invalid value: "/p": must not already exist as a path in volumeDevices`,
      `${D}.name: Invalid value: "p": must not already exist in volumeMounts`,
      `${D}.devicePath: Invalid value: "/p": must not already exist as a path in volumeMounts`,
    ],
  )
})
