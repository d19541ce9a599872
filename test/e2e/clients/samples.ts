// One object of each of several kinds, with the fields whose JSON and protobuf differ most: quantities, numbers or
// names, times, bytes, inlined sources, maps.

import type { KubeObject } from '@brume/api/object'

const containers = [
  {
    name: 'main',
    image: 'registry.test/app:1',
    resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { memory: '0.5Gi' } },
    ports: [{ containerPort: 8080 }],
    livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 3 },
    readinessProbe: { tcpSocket: { port: 8080 } },
    env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
    volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
  },
]
const volumes = [
  { name: 'scratch', emptyDir: { sizeLimit: '1Gi' } },
  { name: 'words', projected: { sources: [{ configMap: { name: 'words', optional: true } }] } },
]
const podSpec = { containers, volumes, nodeSelector: { disk: 'ssd' }, tolerations: [{ operator: 'Exists' }] }
const selector = { matchLabels: { app: 'sample' } }
const template = { metadata: { labels: { app: 'sample' } }, spec: podSpec }
const metadata = { name: 'sample', labels: { app: 'sample', empty: '' } }

const of = (apiVersion: string, kind: string, more: object): KubeObject =>
  ({ apiVersion, kind, metadata: { ...metadata }, ...more }) as KubeObject

export const SAMPLES: readonly KubeObject[] = [
  of('v1', 'Pod', { spec: podSpec }),
  of('v1', 'ConfigMap', { data: { a: '\u0000ä\u2028', b: '' }, binaryData: { c: '/wD+' }, immutable: true }),
  of('v1', 'Secret', { type: 'Opaque', data: { password: 'AAEC/w==' } }),
  of('v1', 'Service', {
    spec: {
      selector: { app: 'sample' },
      ports: [
        { name: 'a', port: 80, targetPort: 'http' },
        { name: 'b', port: 81, targetPort: 8081 },
      ],
    },
  }),
  of('v1', 'PersistentVolumeClaim', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1.5Gi' } } },
  }),
  of('apps/v1', 'Deployment', {
    spec: {
      selector,
      template,
      replicas: 0,
      strategy: { rollingUpdate: { maxSurge: '40%', maxUnavailable: 1 } },
    },
  }),
  of('batch/v1', 'CronJob', {
    spec: {
      schedule: '*/5 * * * *',
      suspend: true,
      jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
    },
  }),
  of('networking.k8s.io/v1', 'Ingress', {
    spec: {
      defaultBackend: { service: { name: 'web', port: { name: 'http' } } },
      tls: [{ hosts: ['app.test'] }],
    },
  }),
  of('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: { podSelector: {}, egress: [{ ports: [{ port: 53, protocol: 'UDP' }, { port: 'dns' }] }, {}] },
  }),
  of('policy/v1', 'PodDisruptionBudget', { spec: { selector, maxUnavailable: '30%' } }),
  of('rbac.authorization.k8s.io/v1', 'ClusterRole', {
    rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { none: 'such' } }] },
  }),
  of('coordination.k8s.io/v1', 'Lease', {
    spec: { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2026-01-02T03:04:05.678901Z' },
  }),
  of('storage.k8s.io/v1', 'StorageClass', { provisioner: 'test.brume.dev/none', parameters: { a: 'b' } }),
  of('autoscaling/v2', 'HorizontalPodAutoscaler', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'sample' },
      maxReplicas: 3,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '500m' } },
        },
      ],
    },
  }),
  of('discovery.k8s.io/v1', 'EndpointSlice', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.2.3'], conditions: { ready: false } }],
    ports: [{ name: '', port: 80 }],
  }),
]
