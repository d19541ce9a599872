import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { certificateRequest } from '../auth/testing/certificate-request.ts'
import { nodeRestriction } from './node-restriction.ts'
import { admissionRequest, admit, object, type RequestFields, testState } from './testing.ts'

const NODE = { name: 'system:node:n1', groups: ['system:nodes'] }
const MIRROR = { 'kubernetes.io/config.mirror': 'x' }
const OWNER = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'nu', controller: true }

const pod = (spec: object, metadata: object = {}): KubeObject =>
  object(
    'Pod',
    { namespace: 'ns', name: 'p', annotations: MIRROR, ownerReferences: [OWNER], ...metadata },
    { spec },
  )
const node = (name: string, labels: Record<string, string> = {}, spec: object = {}): KubeObject =>
  object('Node', { name, labels }, { spec })
const named = (kind: string, name: string, namespace = 'kube-node-lease') => object(kind, { namespace, name })
const claim = (spec: object, status: object) =>
  object('PersistentVolumeClaim', { namespace: 'ns', name: 'c' }, { spec, status })

function run(of: string, fields: RequestFields): Promise<unknown> {
  const { objects, deps } = testState()
  objects.put('', 'nodes', object('Node', { name: 'n1', uid: 'nu' }))
  objects.put('', 'pods', pod({ nodeName: 'n2' }, { name: 'other', uid: '2' }))
  objects.put('', 'pods', pod({ nodeName: 'n1' }, { name: 'own', uid: '1' }))
  return admit(nodeRestriction(deps), admissionRequest(of, { user: NODE, ...fields }))
}

const HERE = { nodeName: 'n1' }
const tokenFor = (ref: object | undefined): RequestFields => ({
  name: 'robot',
  namespace: 'ns',
  object: object(
    'TokenRequest',
    {},
    { spec: { boundObjectRef: ref && { apiVersion: 'v1', kind: 'Pod', ...ref } } },
  ),
})
const update = (of: KubeObject, old: KubeObject): RequestFields => ({
  operation: 'UPDATE',
  object: of,
  oldObject: old,
})
type Case = [what: string, of: string, fields: RequestFields, why?: string]
const CASES: Case[] = [
  ['asks for a token of its own pod', '/serviceaccounts/token', tokenFor({ name: 'own', uid: '1' })],
  [
    'asks for a token of a pod elsewhere',
    '/serviceaccounts/token',
    tokenFor({ name: 'other', uid: '2' }),
    'node requested token bound to a pod scheduled on a different node',
  ],
  [
    'asks for a token of an earlier pod of the name',
    '/serviceaccounts/token',
    tokenFor({ name: 'own', uid: '0' }),
    'the UID in the bound object reference (0) does not match the UID in record. The object might have been deleted and then recreated',
  ],
  [
    'asks for a token of any pod of a name',
    '/serviceaccounts/token',
    tokenFor({ name: 'own' }),
    'node requested token with a pod binding without a uid',
  ],
  [
    'asks for a token for itself',
    '/serviceaccounts/token',
    tokenFor(undefined),
    'node requested token not bound to a pod',
  ],
  ['mirrors its own pod', '/pods/', { object: pod(HERE) }],
  [
    'creates another pod',
    '/pods/',
    { object: pod(HERE, { annotations: {} }) },
    'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
  ],
  [
    'creates a pod elsewhere',
    '/pods/',
    { object: pod({ nodeName: 'n2' }) },
    'node "n1" can only create pods with spec.nodeName set to itself',
  ],
  [
    'creates without owner',
    '/pods/',
    { object: pod(HERE, { ownerReferences: [] }) },
    'node "n1" can only create pods with an owner reference set to itself',
  ],
  [
    'creates with a wrong uid',
    '/pods/',
    { object: pod(HERE, { ownerReferences: [{ ...OWNER, uid: 'x' }] }) },
    'node n1 UID mismatch: expected x got nu',
  ],
  [
    'creates with a blocking owner',
    '/pods/',
    { object: pod(HERE, { ownerReferences: [{ ...OWNER, blockOwnerDeletion: true }] }) },
    'node "n1" must not set blockOwnerDeletion on an owner reference',
  ],
  [
    'creates with an account',
    '/pods/',
    { object: pod({ ...HERE, serviceAccountName: 'x' }) },
    'node "n1" can not create pods that reference a service account',
  ],
  [
    'creates with a secret',
    '/pods/',
    { object: pod({ ...HERE, volumes: [{ secret: { secretName: 's' } }] }) },
    'node "n1" can not create pods that reference secrets',
  ],
  [
    'creates with a claim',
    '/pods/',
    { object: pod({ ...HERE, volumes: [{ persistentVolumeClaim: { claimName: 's' } }] }) },
    'node "n1" can not create pods that reference persistentvolumeclaims',
  ],
  ['deletes its pod', '/pods/', { operation: 'DELETE', namespace: 'ns', name: 'own' }],
  [
    'deletes another',
    '/pods/',
    { operation: 'DELETE', namespace: 'ns', name: 'other' },
    'node "n1" can only delete pods with spec.nodeName set to itself',
  ],
  ['evicts its pod', '/pods/eviction', { operation: 'DELETE', namespace: 'ns', name: 'own' }],
  [
    'evicts another',
    '/pods/eviction',
    { operation: 'DELETE', namespace: 'ns', name: 'other' },
    'node n1 can only evict pods with spec.nodeName set to itself',
  ],
  [
    'changes a pod',
    '/pods/',
    update(pod(HERE), pod(HERE)),
    'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
  ],
  [
    'binds a pod',
    '/pods/binding',
    update(pod(HERE), pod(HERE)),
    `unexpected pod subresource "binding", only 'status' and 'eviction' are allowed`,
  ],
  ['reports its pod', '/pods/status', update(pod(HERE), pod(HERE))],
  [
    'reports another',
    '/pods/status',
    update(pod({ nodeName: 'n2' }), pod({ nodeName: 'n2' })),
    'node "n1" can only update pod status for pods with spec.nodeName set to itself',
  ],
  [
    'labels through status',
    '/pods/status',
    update(pod(HERE, { labels: { a: 'b' } }), pod(HERE)),
    'node "n1" cannot update labels through pod status',
  ],
  [
    'registers',
    '/nodes/',
    { object: node('n1', { 'kubernetes.io/hostname': 'n1', 'node.kubernetes.io/x': 'y', own: 'z' }) },
  ],
  ['registers another', '/nodes/', { object: node('n2') }, 'node "n1" is not allowed to modify node "n2"'],
  [
    'registers with labels',
    '/nodes/',
    { object: node('n1', { 'node-restriction.kubernetes.io/a': 'b', 'foo.k8s.io/c': 'd' }) },
    'node "n1" is not allowed to set the following labels: foo.k8s.io/c, node-restriction.kubernetes.io/a',
  ],
  [
    'changes its labels',
    '/nodes/',
    update(node('n1', { 'node-role.kubernetes.io/x': '' }), node('n1')),
    'is not allowed to modify labels: node-role.kubernetes.io/x',
  ],
  [
    'takes a label off',
    '/nodes/',
    update(node('n1'), node('n1', { 'node-restriction.kubernetes.io/a': 'b' })),
    'is not allowed to modify labels: node-restriction.kubernetes.io/a',
  ],
  [
    'changes its taints',
    '/nodes/',
    update(node('n1'), node('n1', {}, { taints: [{ key: 'a' }] })),
    'node "n1" is not allowed to modify taints',
  ],
  ['reports itself', '/nodes/status', update(node('n1'), node('n1'))],
  [
    'reports a claim',
    '/persistentvolumeclaims/status',
    update(claim({}, { capacity: { storage: '1Gi' } }), claim({}, {})),
  ],
  [
    'changes a claim',
    '/persistentvolumeclaims/',
    update(claim({}, {}), claim({}, {})),
    'may only update PVC status',
  ],
  [
    'binds a claim',
    '/persistentvolumeclaims/status',
    update(claim({}, { phase: 'Bound' }), claim({}, {})),
    'node "n1" is not allowed to update fields other than status.capacity and status.conditions',
  ],
  ['renews its lease', 'coordination.k8s.io/leases/', update(named('Lease', 'n1'), named('Lease', 'n1'))],
  [
    'takes another lease',
    'coordination.k8s.io/leases/',
    { object: named('Lease', 'n2') },
    'can only access node lease with the same name as the requesting node',
  ],
  [
    'takes a lease elsewhere',
    'coordination.k8s.io/leases/',
    { object: named('Lease', 'n1', 'ns') },
    'can only access leases in the "kube-node-lease" system namespace',
  ],
  ['writes its CSINode', 'storage.k8s.io/csinodes/', { object: object('CSINode', { name: 'n1' }) }],
  [
    'writes another CSINode',
    'storage.k8s.io/csinodes/',
    { object: object('CSINode', { name: 'n2' }) },
    'can only access CSINode with the same name as the requesting node',
  ],
  [
    'is nobody',
    '/configmaps/',
    { object: object('ConfigMap', { name: 'c' }), user: { name: 'system:node:', groups: ['system:nodes'] } },
    'could not determine node from user "system:node:"',
  ],
]
for (const [what, of, fields, why] of CASES) {
  test(`a node that ${what} is ${why === undefined ? 'let' : 'stopped'}`, async () => {
    if (why === undefined) return void (await run(of, fields))
    await assert.rejects(run(of, fields), (error: Error) => {
      assert.ok(error.message.endsWith(` is forbidden: ${why}`), error.message)
      return true
    })
  })
}

test('others are not restricted', async () => {
  await run('/nodes/', { object: node('n2'), user: { name: 'anna', groups: [] } })
})

test('a node asks for certificates in its own name only', async () => {
  const asked = async (commonName: string, signer: string) => {
    const pem = await certificateRequest({ commonName, organizations: ['system:nodes'] })
    const spec = { signerName: `kubernetes.io/${signer}`, request: Buffer.from(pem).toString('base64') }
    return run('certificates.k8s.io/certificatesigningrequests/', {
      object: object('CertificateSigningRequest', { name: 'r' }, { spec }),
    })
  }
  for (const signer of ['kubelet-serving', 'kube-apiserver-client-kubelet']) {
    await asked('system:node:n1', signer)
    await assert.rejects(asked('system:node:n2', signer), /can only create a node CSR with CN=system:node:n1/)
  }
  await asked('anna', 'kube-apiserver-client')
})
