// Rows of networking, discovery and storage.

import type { Json } from '../api.ts'
import { podTemplate } from './core.ts'
import type { Row } from './operations.ts'

const backend = { service: { name: 's', port: { number: 80 } } }

export const network: Row[] = [
  {
    group: 'discovery.k8s.io',
    resource: 'endpointslices',
    kind: 'EndpointSlice',
    body: (n) => ({
      addressType: 'IPv4',
      endpoints: [{ addresses: [`10.0.0.${n}`] }],
      ports: [{ name: 'http', port: 80 }],
    }),
    change: {
      patch: { endpoints: [{ addresses: ['10.0.0.9'], conditions: { ready: false } }] },
      shows: ({ endpoints }) =>
        endpoints[0].addresses[0] === '10.0.0.9' && endpoints[0].conditions.ready === false,
    },
  },
  {
    group: 'networking.k8s.io',
    resource: 'ingresses',
    kind: 'Ingress',
    body: () => ({
      spec: {
        defaultBackend: backend,
        rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    }),
    change: {
      patch: { spec: { ingressClassName: 'c' } },
      shows: ({ spec }) => spec.ingressClassName === 'c',
    },
    status: {
      patch: { status: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } } },
      shows: ({ status }) => status.loadBalancer.ingress[0].ip === '169.1.1.1',
    },
  },
  {
    group: 'networking.k8s.io',
    resource: 'ingressclasses',
    kind: 'IngressClass',
    clusterScoped: true,
    body: () => ({ spec: { controller: 'example.com/controller' } }),
    change: {
      patch: { spec: { parameters: { apiGroup: 'example.com', kind: 'P', name: 'p' } } },
      shows: ({ spec }) => spec.parameters.scope === 'Cluster',
    },
  },
  {
    group: 'networking.k8s.io',
    resource: 'networkpolicies',
    kind: 'NetworkPolicy',
    body: () => ({
      spec: { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'], ingress: [] },
    }),
    change: {
      patch: { spec: { ingress: [{ ports: [{ port: 80 }], from: [{ namespaceSelector: {} }] }] } },
      shows: ({ spec }) => spec.ingress[0].ports[0].protocol === 'TCP',
    },
  },
]

const nodeAffinity = {
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }] },
}
const attacher = 'csi.example.com'
const driver = (name: string) => ({ name, nodeID: 'n', topologyKeys: ['zone'], allocatable: { count: 5 } })

export const storage: Row[] = [
  {
    group: 'storage.k8s.io',
    resource: 'storageclasses',
    kind: 'StorageClass',
    clusterScoped: true,
    body: () => ({ provisioner: 'csi.example.com' }),
    change: {
      patch: { mountOptions: ['ro'] },
      shows: ({ mountOptions, reclaimPolicy, volumeBindingMode }) =>
        mountOptions[0] === 'ro' && reclaimPolicy === 'Delete' && volumeBindingMode === 'Immediate',
    },
  },
  {
    group: 'storage.k8s.io',
    resource: 'csidrivers',
    kind: 'CSIDriver',
    clusterScoped: true,
    body: () => ({ spec: { attachRequired: false, volumeLifecycleModes: ['Ephemeral'] } }),
    change: { patch: { spec: { podInfoOnMount: true } }, shows: ({ spec }) => spec.podInfoOnMount === true },
  },
  {
    group: 'storage.k8s.io',
    resource: 'csinodes',
    kind: 'CSINode',
    clusterScoped: true,
    body: () => ({ spec: { drivers: [driver('first.example.com')] } }),
    change: {
      patch: { spec: { drivers: [driver('first.example.com'), driver(attacher)] } },
      shows: ({ spec }) => spec.drivers.length === 2 && spec.drivers[0].allocatable.count === 5,
    },
  },
  {
    group: 'storage.k8s.io',
    resource: 'csistoragecapacities',
    kind: 'CSIStorageCapacity',
    body: () => ({
      storageClassName: 'class',
      capacity: '1Gi',
      nodeTopology: { matchLabels: { zone: 'a' } },
    }),
    change: { patch: { capacity: '2Gi' }, shows: ({ capacity }) => capacity === '2Gi' },
  },
  {
    group: 'storage.k8s.io',
    resource: 'volumeattachments',
    kind: 'VolumeAttachment',
    clusterScoped: true,
    body: () => ({ spec: { attacher, nodeName: 'n', source: { persistentVolumeName: 'pv' } } }),
    status: {
      keepsMetadata: true,
      patch: { status: { attached: true } },
      shows: ({ status }) => status.attached === true,
    },
  },
  {
    resource: 'persistentvolumes',
    kind: 'PersistentVolume',
    clusterScoped: true,
    body: () => ({
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        nodeAffinity,
        csi: { driver: attacher, volumeHandle: 'h', volumeAttributes: { a: 'b' } },
      },
    }),
    change: {
      patch: { spec: { capacity: { storage: '2Gi' } } },
      shows: ({ spec }: Json) => spec.capacity.storage === '2Gi',
    },
    status: {
      patch: { status: { phase: 'Available' } },
      shows: ({ status }) => status.phase === 'Available',
    },
  },
  {
    resource: 'pods',
    kind: 'Pod',
    body: () => ({
      spec: {
        containers: [{ ...podTemplate.spec.containers[0], volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
        volumes: [{ name: 'v', csi: { driver: attacher, volumeAttributes: { a: 'b' } } }],
      },
    }),
    change: {
      patch: { metadata: { labels: { inline: 'yes' } } },
      shows: ({ spec }) => spec.volumes[0].csi.driver === attacher,
    },
    status: {
      patch: { status: { nominatedNodeName: 'n' } },
      shows: ({ status }) => status.nominatedNodeName === 'n',
    },
  },
]
