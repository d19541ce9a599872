// Rows of the core group, of leases, events and node classes.

import type { Json } from '../api.ts'
import type { Row } from './operations.ts'

const data = { patch: { data: { key: 'changed' } }, shows: ({ data }: Json) => data.key === 'changed' }

export const podTemplate = {
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10' }] },
}

/** What the events are about; they live in its namespace. */
const subject = { kind: 'Pod', name: 'p', apiVersion: 'v1' }

export const core: Row[] = [
  { resource: 'configmaps', kind: 'ConfigMap', body: () => ({ data: { key: 'value' } }), change: data },
  {
    resource: 'secrets',
    kind: 'Secret',
    body: () => ({ data: { key: 'dmFsdWU=' }, type: 'Opaque' }),
    change: { patch: { stringData: { more: 'text' } }, shows: ({ data }) => data.more === 'dGV4dA==' },
  },
  {
    resource: 'endpoints',
    kind: 'Endpoints',
    body: () => ({ subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80 }] }] }),
    change: {
      patch: { subsets: [{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'web', port: 8080 }] }] },
      shows: ({ subsets }) =>
        subsets[0].addresses[0].ip === '10.0.0.25' && subsets[0].ports[0].protocol === 'TCP',
    },
  },
  {
    resource: 'limitranges',
    kind: 'LimitRange',
    body: () => ({ spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } }),
    change: {
      patch: { spec: { limits: [{ type: 'Container', max: { cpu: '500m' } }] } },
      shows: ({ spec }) => spec.limits[0].max.cpu === '500m' && spec.limits[0].default.cpu !== undefined,
    },
  },
  {
    resource: 'namespaces',
    kind: 'Namespace',
    clusterScoped: true,
    noDeleteCollection: true,
    body: () => ({}),
    status: {
      patch: {
        status: { conditions: [{ type: 'StatusPatch', status: 'True', reason: 'E2E', message: 'm' }] },
      },
      shows: ({ status }) =>
        status.phase === 'Active' && status.conditions.some((c: Json) => c.type === 'StatusPatch'),
    },
  },
  {
    resource: 'nodes',
    kind: 'Node',
    clusterScoped: true,
    body: () => ({ spec: { unschedulable: true } }),
    change: {
      patch: { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } },
      shows: ({ spec }) => spec.taints.some(({ key }: Json) => key === 'k'),
    },
    status: {
      patch: { status: { capacity: { cpu: '4', memory: '8Gi' } } },
      shows: ({ status }) => status.capacity.cpu === '4',
    },
  },
  {
    resource: 'persistentvolumes',
    kind: 'PersistentVolume',
    clusterScoped: true,
    body: () => ({
      spec: {
        accessModes: ['ReadWriteMany'],
        capacity: { storage: '400M' },
        persistentVolumeReclaimPolicy: 'Retain',
        nfs: { server: '192.0.2.1', path: '/export' },
      },
    }),
    change: {
      patch: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
      shows: ({ spec }) =>
        spec.persistentVolumeReclaimPolicy === 'Delete' && spec.volumeMode === 'Filesystem',
    },
    status: {
      patch: { status: { message: 'StatusPatched', reason: 'E2E' } },
      shows: ({ status }) =>
        status.message === 'StatusPatched' && status.reason === 'E2E' && status.phase !== undefined,
    },
  },
  {
    resource: 'persistentvolumeclaims',
    kind: 'PersistentVolumeClaim',
    body: () => ({
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '400M' } },
        storageClassName: 'manual',
      },
    }),
    status: {
      patch: { status: { conditions: [{ type: 'StatusPatched', status: 'True', reason: 'E2E' }] } },
      shows: ({ status }) => status.phase === 'Pending' && status.conditions[0].type === 'StatusPatched',
    },
  },
  {
    resource: 'pods',
    kind: 'Pod',
    body: () => ({ spec: podTemplate.spec }),
    change: {
      patch: { spec: { activeDeadlineSeconds: 600 } },
      shows: ({ spec }) => spec.activeDeadlineSeconds === 600,
    },
    status: {
      patch: { status: { message: 'patched', reason: 'E2E' } },
      shows: ({ status }) =>
        status.message === 'patched' && status.reason === 'E2E' && status.qosClass === 'BestEffort',
    },
  },
  {
    resource: 'podtemplates',
    kind: 'PodTemplate',
    body: () => ({ template: podTemplate }),
    change: {
      patch: { template: { spec: { restartPolicy: 'Never' } } },
      shows: ({ template }) =>
        template.spec.restartPolicy === 'Never' && template.spec.dnsPolicy === 'ClusterFirst',
    },
  },
  {
    resource: 'replicationcontrollers',
    kind: 'ReplicationController',
    body: () => ({ spec: { replicas: 0, selector: { app: 'a' }, template: podTemplate } }),
    change: { patch: { spec: { minReadySeconds: 5 } }, shows: ({ spec }) => spec.minReadySeconds === 5 },
    status: {
      patch: { status: { readyReplicas: 0, availableReplicas: 0, conditions: [condition('StatusPatched')] } },
      shows: hasCondition('StatusPatched'),
    },
  },
  {
    resource: 'resourcequotas',
    kind: 'ResourceQuota',
    body: () => ({ spec: { hard: { 'count/widgets.example.com': '5' } } }),
    change: {
      patch: { spec: { hard: { 'count/widgets.example.com': '7' } } },
      shows: ({ spec }) => spec.hard['count/widgets.example.com'] === '7',
    },
    status: {
      patch: { status: { hard: { 'count/widgets.example.com': '7' } } },
      shows: ({ status }) => status.hard['count/widgets.example.com'] === '7',
    },
  },
  {
    resource: 'serviceaccounts',
    kind: 'ServiceAccount',
    body: () => ({ automountServiceAccountToken: false }),
    change: {
      patch: { automountServiceAccountToken: true },
      shows: ({ automountServiceAccountToken }) => automountServiceAccountToken === true,
    },
  },
  {
    resource: 'services',
    kind: 'Service',
    body: () => ({
      spec: {
        ports: [{ name: 'http', port: 80, targetPort: 80 }],
        type: 'LoadBalancer',
        selector: { app: 'a' },
      },
    }),
    change: {
      patch: { spec: { sessionAffinity: 'ClientIP' } },
      shows: ({ spec }) => spec.sessionAffinity === 'ClientIP',
    },
    status: {
      patch: { status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } },
      shows: ({ status }) => status.loadBalancer.ingress[0].ip === '203.0.113.1',
    },
  },
  {
    resource: 'events',
    kind: 'Event',
    body: (_, namespace) => ({
      involvedObject: { ...subject, namespace },
      reason: 'Test',
      message: 'created',
      type: 'Normal',
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      source: { component: 'conformance' },
    }),
    change: { patch: { message: 'patched' }, shows: ({ message }) => message === 'patched' },
  },
  {
    group: 'events.k8s.io',
    resource: 'events',
    kind: 'Event',
    body: (_, namespace) => ({
      regarding: { ...subject, namespace },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/conformance',
      reportingInstance: 'one',
      action: 'Do',
      reason: 'Test',
      type: 'Normal',
      note: 'created',
    }),
    change: {
      patch: { series: { count: 3, lastObservedTime: '2026-01-01T00:00:01.000000Z' } },
      shows: ({ series }) => series.count === 3,
    },
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    kind: 'Lease',
    body: (n) => ({
      spec: {
        holderIdentity: `holder-${n}`,
        leaseDurationSeconds: 30,
        acquireTime: '2026-01-01T00:00:00.000000Z',
      },
    }),
    change: { patch: { spec: { leaseTransitions: 1 } }, shows: ({ spec }) => spec.leaseTransitions === 1 },
  },
  {
    group: 'node.k8s.io',
    resource: 'runtimeclasses',
    kind: 'RuntimeClass',
    clusterScoped: true,
    body: (n) => ({ handler: `handler-${n}`, overhead: { podFixed: { cpu: '1m' } } }),
    change: {
      patch: { scheduling: { nodeSelector: { k: 'v' } } },
      shows: ({ scheduling }) => scheduling.nodeSelector.k === 'v',
    },
  },
]

export function condition(type: string): object {
  return { type, status: 'True', reason: 'E2E', message: 'set by a client' }
}

export function hasCondition(type: string): (object: Json) => boolean {
  return ({ status }) => status.conditions?.some((one: Json) => one.type === type) === true
}
