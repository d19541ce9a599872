import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../object.ts'
import { podLimits, podRequests } from './pod-resources.ts'
import { podConstraintViolation, podUsage } from './pod-usage.ts'
import { quotaStatus } from './quota-status.ts'
import { exceededResources, formatResources } from './resource-list.ts'
import { inScope } from './scopes.ts'
import { kindsCountedBy, usageOf } from './usage.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const PODS = { group: '', plural: 'pods' }

const container = (name: string, requests: object, limits: object = {}, more: object = {}) => ({
  name,
  resources: { requests, limits },
  ...more,
})
function pod(spec: Record<string, unknown>, status: object = {}, metadata: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', ...metadata }, spec, status }
}

test('init containers count one after another, sidecars beside everything', () => {
  const containers = [container('a', { cpu: '100m', memory: '1Gi' }), container('b', { cpu: '200m' })]
  const initContainers = [
    container('first', { cpu: '250m' }),
    container('sidecar', { cpu: '50m', memory: '512Mi' }, {}, { restartPolicy: 'Always' }),
    container('last', { cpu: '400m' }),
  ]
  assert.deepEqual(podRequests(pod({ containers, initContainers, overhead: { cpu: '10m' } })), {
    cpu: '460m',
    memory: '1536Mi',
  })
})

test('overhead counts to limits only where there is one', () => {
  const overhead = { cpu: '10m', memory: '8Mi' }
  assert.deepEqual(podLimits(pod({ containers: [container('a', {}, { cpu: '1' })], overhead })), {
    cpu: '1010m',
  })
})

test('a pod counts for its requests and limits', () => {
  const requests = { cpu: '1', memory: '1Gi', 'hugepages-2Mi': '4Mi', 'example.com/gpu': '2' }
  const usage = podUsage(pod({ containers: [container('a', requests, { cpu: '2' })] }), NOW)
  assert.equal(
    formatResources(usage),
    'count/pods=1,cpu=1,hugepages-2Mi=4Mi,limits.cpu=2,memory=1Gi,pods=1,requests.cpu=1,requests.example.com/gpu=2,requests.hugepages-2Mi=4Mi,requests.memory=1Gi',
  )
})

const OVER: [string, object, object][] = [
  ['that has succeeded', { phase: 'Succeeded' }, {}],
  ['that has failed', { phase: 'Failed' }, {}],
  ['that should be gone', {}, { deletionTimestamp: '2025-12-31T23:59:00Z', deletionGracePeriodSeconds: 30 }],
]
for (const [what, status, metadata] of OVER) {
  test(`a pod ${what} counts as an object only`, () => {
    const usage = podUsage(pod({ containers: [container('a', { cpu: '1' })] }, status, metadata), NOW)
    assert.deepEqual(usage, { 'count/pods': '1' })
  })
}

test('a quota on CPU or memory wants every container to say how much', () => {
  const containers = [container('b', { cpu: '1' }), container('a', {})]
  const initContainers = [container('i', { cpu: '1' }, { memory: '1Gi' })]
  const names = ['limits.memory', 'requests.cpu', 'pods', 'requests.ephemeral-storage']
  assert.equal(
    podConstraintViolation(pod({ containers, initContainers }), names),
    'must specify limits.memory for: a,b; requests.cpu for: a',
  )
  assert.equal(podConstraintViolation(pod({ containers }), ['pods']), undefined)
})

const SERVICES: [string, object, string][] = [
  ['a cluster Service', { type: 'ClusterIP', ports: [{}] }, 'services.loadbalancers=0,services.nodeports=0'],
  [
    'a node port Service',
    { type: 'NodePort', ports: [{}, {}] },
    'services.loadbalancers=0,services.nodeports=2',
  ],
  [
    'a balanced Service',
    { type: 'LoadBalancer', ports: [{}, {}] },
    'services.loadbalancers=1,services.nodeports=2',
  ],
  [
    'a balanced Service without node ports',
    { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ nodePort: 30000 }, {}] },
    'services.loadbalancers=1,services.nodeports=1',
  ],
]
for (const [what, spec, expected] of SERVICES) {
  test(`${what} counts its ports`, () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: {}, spec }
    const usage = usageOf({ group: '', plural: 'services' }, service, NOW)
    assert.equal(formatResources(usage), `count/services=1,services=1,${expected}`)
  })
}

test('a claim counts its size, also by class', () => {
  const spec = { storageClassName: 'fast', resources: { requests: { storage: '5Gi' } } }
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: {}, spec }
  assert.equal(
    formatResources(usageOf({ group: '', plural: 'persistentvolumeclaims' }, claim, NOW)),
    'count/persistentvolumeclaims=1,fast.storageclass.storage.k8s.io/persistentvolumeclaims=1,fast.storageclass.storage.k8s.io/requests.storage=5Gi,persistentvolumeclaims=1,requests.storage=5Gi',
  )
})

test('other kinds count as objects, by group', () => {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {} }
  assert.deepEqual(usageOf({ group: 'apps', plural: 'deployments' }, object, NOW), {
    'count/deployments.apps': '1',
  })
  assert.deepEqual(
    kindsCountedBy(['count/deployments.apps', 'limits.cpu', 'count/pods', 'secrets', 'requests.x.io/y']),
    [
      { group: '', plural: 'pods' },
      { group: '', plural: 'secrets' },
      { group: 'apps', plural: 'deployments' },
    ],
  )
})

const busy = {
  containers: [container('a', { cpu: '1' })],
  priorityClassName: 'high',
  activeDeadlineSeconds: 5,
}
const idle = { containers: [container('a', {})] }
const reaching = {
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ namespaces: ['x'] }] } },
}
const selector = (operator: string, values?: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values && { values }) }] },
})
const SCOPES: [string, object, Record<string, unknown>, boolean][] = [
  ['Terminating', { scopes: ['Terminating'] }, busy, true],
  ['Terminating', { scopes: ['Terminating'] }, idle, false],
  ['NotTerminating', { scopes: ['NotTerminating'] }, idle, true],
  ['BestEffort', { scopes: ['BestEffort'] }, idle, true],
  ['BestEffort', { scopes: ['BestEffort'] }, busy, false],
  ['NotBestEffort', { scopes: ['NotBestEffort'] }, busy, true],
  ['both', { scopes: ['NotBestEffort', 'NotTerminating'] }, busy, false],
  ['class in', selector('In', ['high', 'x']), busy, true],
  ['class in', selector('In', ['high']), idle, false],
  ['class not in', selector('NotIn', ['high']), idle, true],
  ['class exists', selector('Exists'), busy, true],
  ['class missing', selector('DoesNotExist'), busy, false],
  ['other namespaces', { scopes: ['CrossNamespacePodAffinity'] }, reaching, true],
  ['other namespaces', { scopes: ['CrossNamespacePodAffinity'] }, busy, false],
]
for (const [what, spec, of, expected] of SCOPES) {
  test(`scope ${what} ${expected ? 'takes' : 'leaves'} ${Object.keys(of).join()}`, () => {
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: {}, spec }
    assert.equal(inScope(quota, PODS, pod(of)), expected)
    assert.equal(inScope(quota, { group: '', plural: 'services' }, pod(of)), false)
  })
}

test('the status sums what is there and shows zero for the rest', () => {
  const spec = { hard: { pods: '5', 'requests.memory': '4Gi', 'count/jobs.batch': '2', 'limits.cpu': '1' } }
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: {}, spec }
  const pods = [
    pod({ containers: [container('a', { memory: '1Gi' })] }),
    pod({ containers: [container('a', { memory: '512Mi' })] }),
  ]
  const status = quotaStatus(quota, ({ plural }) => (plural === 'pods' ? pods : []), NOW)
  assert.deepEqual(status.used, {
    pods: '2',
    'requests.memory': '1536Mi',
    'count/jobs.batch': '0',
    'limits.cpu': '0',
  })
  assert.deepEqual(status.hard, spec.hard)
})

test('only what is limited can be exceeded', () => {
  assert.deepEqual(
    exceededResources({ cpu: '2', memory: '1Gi', pods: '1' }, { cpu: '1500m', memory: '1Gi' }),
    ['cpu'],
  )
})
