// A node is itself and what runs on it, and nothing else.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { certificateRequest } from '@brume/apiserver/auth/testing/certificate-request'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { mustCreate, type Person, personOf } from './people.ts'

const NS = '/api/v1/namespaces/default'
const MERGE = { contentType: 'application/merge-patch+json' }
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'

let plane: TestControlPlane
let node: Person
before(async () => {
  plane = await startTestControlPlane()
  node = personOf(plane, 'system:node:n1', ['system:nodes'])
  for (const name of ['n1', 'n2']) {
    await mustCreate(plane, '/api/v1/nodes', { metadata: { name } })
    await mustCreate(plane, `${NS}/secrets`, { metadata: { name: `of-${name}` }, stringData: { a: name } })
    await mustCreate(plane, `${NS}/serviceaccounts`, { metadata: { name: `of-${name}` } })
    await mustCreate(plane, `${NS}/pods`, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `on-${name}` } },
      spec: {
        ...{ nodeName: name, serviceAccountName: `of-${name}` },
        containers: [{ name: 'c', image: 'i', envFrom: [{ secretRef: { name: `of-${name}` } }] }],
      },
    })
  }
})
after(() => plane.stop())

test('it reads what its pods need and its own pods', async () => {
  const list = (query: Record<string, string>) => node.send('GET', '/api/v1/pods', undefined, { query })
  const own = await list({ fieldSelector: 'spec.nodeName=n1' })
  assert.deepEqual(
    own.body.items.map((pod: { metadata: { name: string } }) => pod.metadata.name),
    ['on-n1'],
  )
  for (const path of [`${NS}/secrets/of-n1`, `${NS}/pods/on-n1`, '/api/v1/nodes/n1', '/api/v1/services']) {
    assert.equal((await node.send('GET', path)).status, 200, path)
  }
  const hidden: [string, Record<string, string>?][] = [
    [`${NS}/secrets/of-n2`],
    [`${NS}/secrets`],
    ['/api/v1/secrets'],
    ['/api/v1/secrets', { watch: 'true', fieldSelector: 'metadata.name=of-n1', timeoutSeconds: '1' }],
    [`${NS}/secrets`, { fieldSelector: 'metadata.name!=x\\,metadata.name=of-n1' }],
    [`${NS}/pods/on-n2`],
    [`${NS}/pods`],
    ['/api/v1/pods', { fieldSelector: 'spec.nodeName=n2' }],
    ['/api/v1/pods', { fieldSelector: 'spec.nodeName!=n1' }],
    ['/api/v1/pods', { fieldSelector: 'status.phase!=\\,spec.nodeName=n1' }],
    ['/api/v1/nodes'],
    ['/api/v1/nodes/n2'],
    [`${NS}/serviceaccounts/of-n1`],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles'],
  ]
  for (const [path, query = {}] of hidden) {
    const { status, text } = await node.send('GET', path, undefined, { query })
    assert.ok(status === 403 || status === 400, `${path} ${JSON.stringify(query)}: ${text}`)
  }
})

test('it writes itself, its lease, the status of its pods, and their tokens', async () => {
  const label = (key: string) => ({ metadata: { labels: { [key]: 'x' } } })
  const token = (pod: string, uid: string) => ({
    spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod, uid } },
  })
  const uidOf = async (pod: string) =>
    (await personOf(plane, 'root', ['system:masters']).send('GET', `${NS}/pods/${pod}`)).body.metadata.uid
  const [own, other] = [await uidOf('on-n1'), await uidOf('on-n2')]
  const status = { status: { phase: 'Running' } }
  const lease = (name: string) => ({ metadata: { name }, spec: { holderIdentity: name } })
  const mirror = {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name: 'mirror', annotations: { 'kubernetes.io/config.mirror': 'x' } },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', secret: { secretName: 'of-n2' } }],
    },
  }
  const cases: [number, string, string, object?, object?][] = [
    [200, 'PATCH', '/api/v1/nodes/n1', label('node.kubernetes.io/x'), MERGE],
    [200, 'PATCH', '/api/v1/nodes/n1/status', label('example.com/x'), MERGE],
    [201, 'POST', LEASES, lease('n1')],
    [200, 'PATCH', `${NS}/pods/on-n1/status`, status, MERGE],
    [201, 'POST', `${NS}/serviceaccounts/of-n1/token`, token('on-n1', own)],
    [403, 'PATCH', '/api/v1/nodes/n2', label('node.kubernetes.io/x'), MERGE],
    [403, 'PATCH', '/api/v1/nodes/n1', label('node-restriction.kubernetes.io/x'), MERGE],
    [403, 'PATCH', '/api/v1/nodes/n1/status', label('node-role.kubernetes.io/control-plane'), MERGE],
    [403, 'PATCH', '/api/v1/nodes/n1', { spec: { taints: [] } }, MERGE],
    [403, 'DELETE', '/api/v1/nodes/n1'],
    [403, 'POST', '/api/v1/nodes', { metadata: { name: 'n3' } }],
    [403, 'POST', LEASES, lease('n2')],
    [403, 'PUT', `${LEASES}/n2`, lease('n2')],
    [403, 'PATCH', `${NS}/pods/on-n2/status`, status, MERGE],
    [403, 'PATCH', `${NS}/pods/on-n1`, label('a'), MERGE],
    [403, 'PATCH', `${NS}/pods/on-n1/status`, label('a'), MERGE],
    [403, 'DELETE', `${NS}/pods/on-n2`],
    [403, 'POST', `${NS}/pods/on-n2/eviction`, { metadata: { name: 'on-n2' } }],
    [403, 'POST', `${NS}/pods/on-n1/binding`, { target: { name: 'n1' } }],
    [403, 'POST', `${NS}/pods`, mirror],
    [403, 'POST', `${NS}/pods`, { ...mirror, metadata: { name: 'plain' } }],
    [403, 'POST', `${NS}/serviceaccounts/of-n1/token`, {}],
    [403, 'POST', `${NS}/serviceaccounts/of-n2/token`, token('on-n2', other)],
    [403, 'POST', `${NS}/serviceaccounts/of-n1/token`, token('on-n2', other)],
    [403, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { metadata: { name: 'x' } }],
  ]
  for (const [expected, method, path, body, options] of cases) {
    const answer = await node.send(method, path, body, options ?? {})
    assert.equal(answer.status, expected, `${method} ${path} ${JSON.stringify(body)}: ${answer.text}`)
  }
})

test('it asks for certificates in its own name only', async () => {
  const ask = async (commonName: string, signer: string) => {
    const pem = await certificateRequest({ commonName, organizations: ['system:nodes'] })
    return node.send('POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {
      metadata: { generateName: 'csr-' },
      spec: {
        request: Buffer.from(pem).toString('base64'),
        signerName: `kubernetes.io/${signer}`,
        usages: ['digital signature', signer === 'kubelet-serving' ? 'server auth' : 'client auth'],
      },
    })
  }
  for (const signer of ['kube-apiserver-client-kubelet', 'kubelet-serving']) {
    assert.equal((await ask('system:node:n1', signer)).status, 201)
    const { status, text } = await ask('system:node:n2', signer)
    assert.equal(status, 403, text)
  }
})

test('the name alone, or the group alone, makes no node', async () => {
  for (const [user, groups] of [
    ['system:node:n1', []],
    ['eve', ['system:nodes']],
    ['system:node:', ['system:nodes']],
    ['system:node:n1', ['system:nodes2']],
  ] as [string, string[]][]) {
    const someone = personOf(plane, user, groups)
    for (const path of ['/api/v1/nodes/n1', `${NS}/secrets/of-n1`]) {
      assert.equal((await someone.send('GET', path)).status, 403, `${user} ${groups} ${path}`)
    }
  }
})

test('what its network needs of others, a user for that alone reads, and nothing else', async () => {
  const network = personOf(plane, 'system:brume:network')
  for (const path of ['/api/v1/pods', '/api/v1/nodes', '/apis/discovery.k8s.io/v1/endpointslices']) {
    assert.equal((await network.send('GET', path)).status, 200, path)
  }
  for (const path of ['/api/v1/secrets', `${NS}/configmaps`, `${NS}/pods/on-n2/log`, `${NS}/pods/on-n2`]) {
    assert.equal((await network.send('GET', path)).status, 403, path)
  }
})
