// Nobody gives themselves or others more than they have.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { certificateRequest } from '@brume/apiserver/auth/testing/certificate-request'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { httpOf } from '@brume/testkit/http'
import { grant, mustCreate, personOf, type Rule } from './people.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const CSR = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const MERGE = { contentType: 'application/merge-patch+json' }
const WRITE = ['get', 'list', 'create', 'update', 'patch', 'delete']

let plane: TestControlPlane
before(async () => {
  plane = await startTestControlPlane()
})
after(() => plane.stop())

let people = 0
async function person(rules: Rule[], namespace = '') {
  const user = `person-${++people}`
  await grant(plane, { user, namespace, rules })
  return { user, ...personOf(plane, user) }
}

const ROLES: Rule = {
  verbs: WRITE,
  apiGroups: ['rbac.authorization.k8s.io'],
  resources: ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'],
}
const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
const binding = (user: string, role: string) => ({
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
})

test('who may write roles grants only what they hold, by no way of writing', async () => {
  const { user, send } = await person([ROLES, { verbs: ['get'], resources: ['pods'] }])
  const metadata = { name: 'made-by-person' }
  const held = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]
  const apply = { contentType: 'application/apply-patch+yaml', query: { fieldManager: 'me', force: 'true' } }
  const role = (rules: object[]) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata,
    rules,
  })
  assert.equal((await send('POST', `${RBAC}/clusterroles`, role(held))).status, 201)
  const attempts: [string, string, object, object?][] = [
    ['POST', `${RBAC}/clusterroles`, { metadata: { name: 'x' }, rules: [everything] }],
    ['PUT', `${RBAC}/clusterroles/made-by-person`, role([everything])],
    [
      'PUT',
      `${RBAC}/clusterroles/not-there-yet`,
      { metadata: { name: 'not-there-yet' }, rules: [everything] },
    ],
    ['PATCH', `${RBAC}/clusterroles/made-by-person`, { rules: [everything] }, MERGE],
    ['PATCH', `${RBAC}/clusterroles/made-by-person`, role([everything]), apply],
    [
      'PATCH',
      `${RBAC}/clusterroles/made-by-person`,
      { aggregationRule: { clusterRoleSelectors: [{}] } },
      MERGE,
    ],
    ['PATCH', `${RBAC}/clusterroles/view`, { aggregationRule: null }, MERGE],
    ['PATCH', `${RBAC}/clusterroles/view`, { aggregationRule: { clusterRoleSelectors: [{}] } }, MERGE],
    // A label on a role is enough for the aggregation controller to hand its rules to others.
    [
      'PATCH',
      `${RBAC}/clusterroles/cluster-admin`,
      { metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } } },
      MERGE,
    ],
    ['POST', `${RBAC}/clusterrolebindings`, { metadata: { name: 'b' }, ...binding(user, 'cluster-admin') }],
    ['PUT', `${RBAC}/clusterrolebindings/b`, { metadata: { name: 'b' }, ...binding(user, 'cluster-admin') }],
    [
      'POST',
      `${RBAC}/namespaces/default/rolebindings`,
      { metadata: { name: 'b' }, ...binding(user, 'admin') },
    ],
    ['PATCH', `${RBAC}/clusterrolebindings/cluster-admin`, { subjects: binding(user, '').subjects }, MERGE],
  ]
  for (const [method, path, body, options] of attempts) {
    const { status, text } = await send(method, path, body, options ?? {})
    assert.equal(status, 403, `${method} ${path} ${JSON.stringify(body)}: ${text}`)
    assert.match(text, /attempting to grant RBAC permissions not currently held|cluster-admin privileges/)
  }
  const missing = { metadata: { name: 'b' }, ...binding(user, 'no-such-role') }
  assert.equal((await send('POST', `${RBAC}/clusterrolebindings`, missing)).status, 404)
  const finalizers = { metadata: { finalizers: ['example.com/x'] } }
  assert.equal((await send('PATCH', `${RBAC}/clusterroles/cluster-admin`, finalizers, MERGE)).status, 200)
})

test('no custom definition takes the place of a kind of the server', async () => {
  const http = httpOf(plane)
  const crd = (plural: string, group: string, version: string) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, a test' },
    },
    spec: {
      group,
      scope: 'Cluster',
      names: {
        plural,
        kind: `Evil${plural[0]!.toUpperCase()}${plural.slice(1)}`,
        singular: plural.slice(0, -1),
      },
      versions: [
        {
          ...{ name: version, served: true, storage: true },
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  })
  const taken: [string, string, string][] = [
    ['priorityclasses', 'scheduling.k8s.io', 'v9'],
    ['clusterrolebindings', 'rbac.authorization.k8s.io', 'v1'],
    ['subjectaccessreviews', 'authorization.k8s.io', 'v1'],
    ['others', 'rbac.authorization.k8s.io', 'v1'],
  ]
  for (const args of taken) {
    const answer = await http.send(
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      crd(...args),
    )
    assert.equal(answer.status, 403, `${args}: ${answer.text}`)
    assert.match(answer.text, /is served by the API server itself/)
  }
})

test('a path of a scale leads to no prototype', async () => {
  const http = httpOf(plane)
  await mustCreate(plane, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'evils.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'evils', kind: 'Evil', singular: 'evil' },
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true },
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.__proto__.polluted',
              statusReplicasPath: '.status.constructor.prototype.polluted',
            },
          },
        },
      ],
    },
  })
  const path = '/apis/example.com/v1/namespaces/default/evils'
  const evil = { apiVersion: 'example.com/v1', kind: 'Evil', metadata: { name: 'e' }, spec: {} }
  await eventually('the kind is served', async () => (await http.send('POST', path, evil)).status === 201)
  const scale = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'e' },
    spec: { replicas: 7 },
  }
  const { status } = await http.send('PUT', `${path}/e/scale`, scale)
  assert.ok(status < 500)
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  for (const contentType of ['text/plain', 'application/json', 'multipart/form-data']) {
    const patched = await http.send('PATCH', `${path}/e/scale`, '{"spec":{"replicas":3}}', { contentType })
    assert.equal(patched.status, 415, contentType)
  }
})

async function csr(
  name: string,
  subject: { commonName: string; organizations: string[] },
  spec: object = {},
) {
  const pem = await certificateRequest(subject)
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      ...spec,
    },
  }
}

const REQUEST: Rule = {
  verbs: ['create', 'get', 'update', 'patch'],
  apiGroups: ['certificates.k8s.io'],
  resources: ['certificatesigningrequests'],
}

test('a certificate request says who sent it, whatever it says itself', async () => {
  const { user, send } = await person([REQUEST])
  const lie = {
    username: 'system:admin',
    uid: '1',
    groups: ['system:masters', 'system:bootstrappers', 'system:nodes'],
    extra: { a: ['b'], __proto__: ['c'] },
  }
  const body = await csr('liar', { commonName: 'anna', organizations: [] }, lie)
  const created = await send('POST', CSR, body)
  assert.equal(created.status, 201, created.text)
  for (const answer of [
    created,
    await send('PATCH', `${CSR}/liar`, { spec: lie }, MERGE),
    await send('GET', `${CSR}/liar`),
  ]) {
    assert.equal(answer.status, 200 + (answer === created ? 1 : 0), answer.text)
    const { username, uid, groups, extra } = answer.body.spec
    assert.deepEqual([username, uid, groups, extra], [user, undefined, ['system:authenticated'], undefined])
  }
  // Were it believed, this one would be approved and signed at once.
  const node = await csr(
    'false-node',
    { commonName: 'system:node:n1', organizations: ['system:nodes'] },
    {
      ...lie,
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
      username: 'system:node:n1',
    },
  )
  assert.equal((await send('POST', CSR, node)).status, 201)
  const { body: kept } = await send('GET', `${CSR}/false-node`)
  assert.equal(kept.status?.certificate, undefined)
  assert.deepEqual(kept.status?.conditions ?? [], [])
})

test('nobody asks for system:masters, in any way of writing it', async () => {
  const http = httpOf(plane)
  for (const organizations of [['system:masters'], ['a', 'system:masters'], ['system:masters', 'b']]) {
    const answer = await http.send('POST', CSR, await csr('masters', { commonName: 'x', organizations }))
    assert.equal(answer.status, 403, answer.text)
  }
})

test('to approve takes the right to the signer, and signing is no approving', async () => {
  const approver: Rule = {
    ...REQUEST,
    verbs: ['get', 'update', 'patch'],
    resources: ['certificatesigningrequests/approval'],
  }
  const status: Rule = { ...approver, resources: ['certificatesigningrequests/status'] }
  const signer = (verb: string): Rule => ({
    ...approver,
    verbs: [verb],
    resources: ['signers'],
    resourceNames: ['example.com/mine'],
  })
  const spec = { signerName: 'example.com/mine' }
  await mustCreate(plane, CSR, await csr('asked', { commonName: 'x', organizations: [] }, spec))
  const { body: asked } = await httpOf(plane).send('GET', `${CSR}/asked`)
  const approved = { ...asked, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'r' }] } }
  const withApproval = await person([approver, signer('sign')])
  assert.equal((await withApproval.send('PUT', `${CSR}/asked/approval`, approved)).status, 403)
  const withSigning = await person([status, signer('sign')])
  const bySigning = await withSigning.send('PUT', `${CSR}/asked/status`, approved)
  assert.deepEqual(bySigning.body.status?.conditions ?? [], [], `${bySigning.status}: ${bySigning.text}`)
  const { body: after } = await httpOf(plane).send('GET', `${CSR}/asked`)
  assert.deepEqual(after.status?.conditions ?? [], [])
  const rightly = await person([approver, signer('approve')])
  const done = await rightly.send('PUT', `${CSR}/asked/approval`, { ...after, status: approved.status })
  assert.equal(done.status, 200, done.text)
  const undone = { ...done.body, status: { conditions: [] } }
  assert.notEqual(
    (await rightly.send('PUT', `${CSR}/asked/approval`, undone)).body.status?.conditions?.length,
    0,
  )
  const denied = await withSigning.send('PUT', `${CSR}/asked/status`, { ...undone, status: {} })
  const { body: last } = await httpOf(plane).send('GET', `${CSR}/asked`)
  assert.equal(last.status.conditions?.[0]?.type, 'Approved', denied.text)
})
