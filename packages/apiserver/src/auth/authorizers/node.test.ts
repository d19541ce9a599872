import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { ObjectMap } from '../testing/object-map.ts'
import type { Attributes } from '../types.ts'
import { nodeAuthorizer } from './node.ts'
import { createNodeGraph } from './node-graph.ts'

const USER = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }

function object(kind: string, metadata: KubeObject['metadata'], spec: unknown): KubeObject {
  return { apiVersion: 'v1', kind, metadata, spec }
}

function state() {
  const objects = new ObjectMap()
  const volumes = [
    { name: 'a', secret: { secretName: 'mounted' } },
    { name: 'b', projected: { sources: [{ configMap: { name: 'projected' } }] } },
    { name: 'c', persistentVolumeClaim: { claimName: 'data' } },
    { name: 'd', ephemeral: {} },
  ]
  const containers = [
    { env: [{ valueFrom: { secretKeyRef: { name: 'env' } } }], envFrom: [{ configMapRef: { name: 'all' } }] },
  ]
  const spec = {
    nodeName: 'n1',
    serviceAccountName: 'robot',
    volumes,
    containers,
    imagePullSecrets: [{ name: 'pull' }],
  }
  objects.put('', 'pods', object('Pod', { namespace: 'ns', name: 'p', uid: '1' }, spec))
  const elsewhere = { nodeName: 'n2', volumes: [{ name: 'x', secret: { secretName: 'foreign' } }] }
  objects.put('', 'pods', object('Pod', { namespace: 'ns', name: 'q', uid: '2' }, elsewhere))
  objects.put(
    '',
    'persistentvolumeclaims',
    object('PersistentVolumeClaim', { namespace: 'ns', name: 'data' }, { volumeName: 'pv1' }),
  )
  const csi = { nodeStageSecretRef: { namespace: 'storage', name: 'stage' } }
  const claimRef = { namespace: 'ns', name: 'data' }
  objects.put('', 'persistentvolumes', object('PersistentVolume', { name: 'pv1' }, { claimRef, csi }))
  objects.put('', 'persistentvolumes', object('PersistentVolume', { name: 'pv2' }, {}))
  const attachment = (name: string, nodeName: string) => object('VolumeAttachment', { name }, { nodeName })
  objects.put('storage.k8s.io', 'volumeattachments', attachment('own', 'n1'))
  objects.put('storage.k8s.io', 'volumeattachments', attachment('other', 'n2'))
  const graph = createNodeGraph(objects)
  return { objects, authorizer: nodeAuthorizer(graph) }
}

type Asked = Partial<Extract<Attributes, { resourceRequest: true }>>
function ask(verb: string, resource: string, more: Asked = {}): Attributes {
  const group = {
    leases: 'coordination.k8s.io',
    csinodes: 'storage.k8s.io',
    volumeattachments: 'storage.k8s.io',
  }[resource]
  const empty = { group: group ?? '', version: 'v1', subresource: '', namespace: '', name: '' }
  return { resourceRequest: true, user: USER, verb, resource, ...empty, ...more }
}

const NO = "no relationship found between node 'n1' and this object"
const inNs = (name: string) => ({ namespace: 'ns', name })
const CASES: [string, string, Asked, true | string][] = [
  ['get', 'secrets', inNs('mounted'), true],
  ['watch', 'secrets', inNs('env'), true],
  ['get', 'secrets', inNs('pull'), true],
  ['get', 'secrets', inNs('foreign'), NO],
  ['get', 'secrets', { namespace: 'other', name: 'mounted' }, NO],
  ['get', 'secrets', { namespace: 'storage', name: 'stage' }, true],
  ['list', 'secrets', { namespace: 'ns' }, 'No Object name found'],
  ['list', 'secrets', {}, 'can only read namespaced object of this type'],
  ['update', 'secrets', inNs('mounted'), 'can only read resources of this type'],
  ['get', 'configmaps', inNs('projected'), true],
  ['get', 'configmaps', inNs('all'), true],
  ['get', 'configmaps', inNs('x'), NO],
  ['get', 'persistentvolumeclaims', inNs('data'), true],
  ['get', 'persistentvolumeclaims', inNs('p-d'), true],
  ['list', 'persistentvolumeclaims', inNs('data'), 'can only get individual resources of this type'],
  ['patch', 'persistentvolumeclaims', { ...inNs('data'), subresource: 'status' }, true],
  ['get', 'persistentvolumes', { name: 'pv1' }, true],
  ['get', 'persistentvolumes', { name: 'pv2' }, NO],
  ['get', 'volumeattachments', { name: 'own' }, true],
  ['get', 'volumeattachments', { name: 'other' }, NO],
  ['create', 'serviceaccounts', { ...inNs('robot'), subresource: 'token' }, true],
  ['create', 'serviceaccounts', { ...inNs('boss'), subresource: 'token' }, NO],
  ['create', 'serviceaccounts', inNs('robot'), 'can only create token subresource of serviceaccount'],
  ['get', 'serviceaccounts', inNs('robot'), 'can only create tokens for individual service accounts'],
  ['update', 'leases', { namespace: 'kube-node-lease', name: 'n1' }, true],
  [
    'update',
    'leases',
    { namespace: 'kube-node-lease', name: 'n2' },
    'can only access node lease with the same name as the requesting node',
  ],
  [
    'get',
    'leases',
    { namespace: 'ns', name: 'n1' },
    'can only access leases in the "kube-node-lease" system namespace',
  ],
  [
    'list',
    'leases',
    { namespace: 'kube-node-lease' },
    'can only get, create, update, patch, or delete a node lease',
  ],
  ['create', 'csinodes', {}, true],
  ['delete', 'csinodes', { name: 'n2' }, 'can only access CSINode with the same name as the requesting node'],
  ['get', 'nodes', { name: 'n1' }, true],
  ['get', 'nodes', { name: 'n2' }, "node 'n1' cannot read 'n2', only its own Node object"],
  ['list', 'nodes', {}, "node 'n1' cannot read all nodes, only its own Node object"],
  ['patch', 'nodes', { name: 'n1', subresource: 'status' }, true],
  ['delete', 'nodes', { name: 'n1' }, ''],
  ['list', 'pods', { fieldSelector: 'spec.nodeName=n1' }, true],
  ['watch', 'pods', { fieldSelector: 'status.phase!=Failed,spec.nodeName==n1' }, true],
  [
    'list',
    'pods',
    { fieldSelector: 'spec.nodeName=n2' },
    'can only list/watch pods with spec.nodeName field selector',
  ],
  ['list', 'pods', {}, 'can only list/watch pods with spec.nodeName field selector'],
  ['get', 'pods', inNs('p'), true],
  ['get', 'pods', inNs('q'), NO],
  ['update', 'pods', inNs('p'), ''],
  ['patch', 'pods', { ...inNs('q'), subresource: 'status' }, true],
  ['list', 'services', {}, true],
  ['list', 'deployments', { group: 'apps' }, ''],
]
for (const [verb, resource, of, expected] of CASES) {
  const shown = `${verb} ${resource} ${JSON.stringify(of)}`
  test(`a node ${expected === true ? 'may' : 'may not'} ${shown}`, () => {
    const decision = state().authorizer.authorize(ask(verb, resource, of))
    assert.deepEqual(
      decision,
      expected === true ? { allowed: true, reason: '' } : { allowed: false, denied: false, reason: expected },
    )
  })
}

test('the node authorizer has no opinion about others', () => {
  const { authorizer } = state()
  const attributes = { ...ask('get', 'nodes', { name: 'n1' }), user: { name: 'anna', groups: ['devs'] } }
  assert.deepEqual(authorizer.authorize(attributes), { allowed: false, denied: false, reason: '' })
})

test('a node may act as the user of the network, and as nobody else', () => {
  const { authorizer } = state()
  const may = (name: string, user = USER) =>
    authorizer.authorize(ask('impersonate', 'users', { name, user })).allowed
  assert.equal(may('system:brume:network'), true)
  assert.equal(may('system:kube-controller-manager'), false)
  assert.equal(may('system:brume:network', { name: 'anna', groups: ['system:nodes'] }), false)
  assert.equal(authorizer.authorize(ask('impersonate', 'groups', { name: 'system:masters' })).allowed, false)
})

test('the right to an object comes and goes with the pod', () => {
  const { objects, authorizer } = state()
  const allowed = (name: string) => authorizer.authorize(ask('get', 'secrets', inNs(name))).allowed
  const spec = { volumes: [{ name: 'v', secret: { secretName: 'late' } }] }
  assert.equal(allowed('late'), false)
  objects.put('', 'pods', object('Pod', { namespace: 'ns', name: 'late', uid: '3' }, spec))
  assert.equal(allowed('late'), false)
  objects.put(
    '',
    'pods',
    object('Pod', { namespace: 'ns', name: 'late', uid: '3' }, { ...spec, nodeName: 'n1' }),
  )
  assert.equal(allowed('late'), true)
  objects.remove('', 'pods', 'ns', 'late')
  assert.equal(allowed('late'), false)
})

test('a mirror pod opens nothing', () => {
  const { objects, authorizer } = state()
  const annotations = { 'kubernetes.io/config.mirror': 'x' }
  const spec = { nodeName: 'n1', volumes: [{ name: 'v', secret: { secretName: 'wanted' } }] }
  objects.put('', 'pods', object('Pod', { namespace: 'ns', name: 'm', uid: '4', annotations }, spec))
  assert.equal(authorizer.authorize(ask('get', 'secrets', inNs('wanted'))).allowed, false)
  assert.equal(authorizer.authorize(ask('get', 'pods', inNs('m'))).allowed, true)
})
