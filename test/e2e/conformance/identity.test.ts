// Conformance: who somebody is and what they may do: service accounts and their tokens, reviews, certificates.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { certificateRequest } from '@brume/apiserver/auth/testing/certificate-request'
import { eventually } from '@brume/testkit/eventually'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { conformanceApi, type Json, unique } from './api.ts'

const api = conformanceApi()

const AUTHENTICATION = '/apis/authentication.k8s.io/v1'
const AUTHORIZATION = '/apis/authorization.k8s.io/v1'
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests'

async function account(name = 'sa') {
  const namespace = await api.namespace()
  const path = `/api/v1/namespaces/${namespace}`
  await api.create(`${path}/serviceaccounts`, { metadata: { name } })
  return { namespace, path, user: `system:serviceaccount:${namespace}:${name}` }
}

test('a service account lives, is found by label, and is replaced', async () => {
  const { path } = await account()
  const label = unique('set')
  const watch = api.watch(`${path}/serviceaccounts`, { labelSelector: `set=${label}` })
  await api.patch(
    `${path}/serviceaccounts/sa`,
    { metadata: { labels: { set: label } }, automountServiceAccountToken: false },
    'strategic',
  )
  const { items } = await api.get('/api/v1/serviceaccounts', { labelSelector: `set=${label}` })
  assert.deepEqual(
    items.map(({ automountServiceAccountToken }: Json) => automountServiceAccountToken),
    [false],
  )
  const updated = await api.edit(`${path}/serviceaccounts/sa`, (object) => {
    object.automountServiceAccountToken = true
  })
  assert.equal(updated.automountServiceAccountToken, true)
  await api.delete(`${path}/serviceaccounts`, undefined, { labelSelector: `set=${label}` })
  await watch.saw('the deletion', ({ type }) => type === 'DELETED')
})

test('a token that was asked for says who its bearer is, as its issuer published it', async () => {
  const { namespace, path, user } = await account()
  const pod = await api.create(`${path}/pods`, {
    metadata: { name: 'p' },
    spec: { serviceAccountName: 'sa', containers: [{ name: 'c', image: 'i' }] },
  })
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: pod.metadata.uid }
  const { status } = await api.create(`${path}/serviceaccounts/sa/token`, {
    spec: { expirationSeconds: 600, audiences: [], boundObjectRef },
  })
  assert.ok(Date.parse(status.expirationTimestamp) > Date.now())
  const configuration = await api.get('/.well-known/openid-configuration')
  assert.deepEqual(configuration.response_types_supported, ['id_token'])
  assert.deepEqual(configuration.subject_types_supported, ['public'])
  assert.match(configuration.jwks_uri, /\/openid\/v1\/jwks$/)
  const keys = createLocalJWKSet(await api.get('/openid/v1/jwks'))
  const { payload, protectedHeader } = await jwtVerify(status.token, keys, { issuer: configuration.issuer })
  assert.ok(configuration.id_token_signing_alg_values_supported.includes(protectedHeader.alg))
  assert.equal(payload.sub, user)
  const claims = payload['kubernetes.io'] as Json
  assert.deepEqual(
    [claims.namespace, claims.serviceaccount.name, claims.pod.uid],
    [namespace, 'sa', pod.metadata.uid],
  )
  const review = async () =>
    (await api.create(`${AUTHENTICATION}/tokenreviews`, { spec: { token: status.token } })).status
  const found = await review()
  assert.equal(found.authenticated, true)
  assert.equal(found.user.username, user)
  assert.deepEqual(found.user.groups.sort(), [
    'system:authenticated',
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
  ])
  await api.delete(`${path}/pods/p`, { gracePeriodSeconds: 0 })
  await eventually('the token ends with its pod', async () => (await review()).authenticated !== true)
})

test('the documents of the issuer are for every service account, and for no other user', async () => {
  const { user } = await account()
  for (const path of ['/.well-known/openid-configuration', '/openid/v1/jwks']) {
    const as = (name: string) => api.send('GET', path, undefined, { headers: { 'impersonate-user': name } })
    assert.equal((await as(user)).status, 200, path)
    assert.equal((await as('jane')).status, 403, path)
  }
})

test('whoever asks is told who they are, impersonated or not', async () => {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const self = await api.create(`${AUTHENTICATION}/selfsubjectreviews`, body)
  assert.ok(self.status.userInfo.groups.includes('system:masters'))
  const headers = {
    'impersonate-user': 'jane',
    'impersonate-group': 'devs',
    'impersonate-uid': 'u1',
    'impersonate-extra-team': 'blue',
  }
  const answer = await api.send('POST', `${AUTHENTICATION}/selfsubjectreviews`, body, { headers })
  const { username, uid, groups, extra } = answer.body.status.userInfo
  assert.deepEqual([username, uid, extra], ['jane', 'u1', { team: ['blue'] }])
  assert.deepEqual(groups.sort(), ['devs', 'system:authenticated'])
})

test('access reviews say what happens when the account then tries', async () => {
  const { namespace, path, user } = await account()
  const resourceAttributes = { namespace, verb: 'list', resource: 'configmaps', version: 'v1' }
  const review = async () => ({
    cluster: (
      await api.create(`${AUTHORIZATION}/subjectaccessreviews`, { spec: { user, resourceAttributes } })
    ).status.allowed,
    local: (
      await api.create(`${AUTHORIZATION}/namespaces/${namespace}/localsubjectaccessreviews`, {
        metadata: { namespace },
        spec: { user, resourceAttributes },
      })
    ).status.allowed,
    self: (
      await api.send(
        'POST',
        `${AUTHORIZATION}/selfsubjectaccessreviews`,
        { spec: { resourceAttributes } },
        { headers: { 'impersonate-user': user } },
      )
    ).body.status.allowed,
  })
  const attempt = async () =>
    (await api.send('GET', `${path}/configmaps`, undefined, { headers: { 'impersonate-user': user } })).status
  assert.deepEqual(await review(), { cluster: false, local: false, self: false })
  assert.equal(await attempt(), 403)
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  await api.create(`${rbac}/roles`, {
    metadata: { name: 'r' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
  })
  await api.create(`${rbac}/rolebindings`, {
    metadata: { name: 'b' },
    subjects: [{ kind: 'ServiceAccount', name: 'sa', namespace }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
  })
  await eventually('the account may', async () => (await attempt()) === 200)
  assert.deepEqual(await review(), { cluster: true, local: true, self: true })
  const elsewhere = {
    metadata: {},
    spec: { user, resourceAttributes: { ...resourceAttributes, namespace: 'default' } },
  }
  await api.refused(
    422,
    'Invalid',
    'POST',
    `${AUTHORIZATION}/namespaces/${namespace}/localsubjectaccessreviews`,
    elsewhere,
  )
})

test('every namespace has the root certificate, again when it is deleted or changed', async () => {
  const path = `/api/v1/namespaces/${await api.namespace()}/configmaps/kube-root-ca.crt`
  const present = () =>
    eventually('the root certificate', async () => {
      const answer = await api.send('GET', path)
      return answer.status === 200 && answer.body.data['ca.crt']?.includes('BEGIN CERTIFICATE')
        ? answer.body
        : undefined
    })
  const first = await present()
  await api.delete(path)
  assert.notEqual((await present()).metadata.uid, first.metadata.uid)
  await api.patch(path, { data: { 'ca.crt': 'changed' } })
  assert.equal((await present()).data['ca.crt'], first.data['ca.crt'])
})

test('a pod gets a token unless it, or its account where it is silent, opts out', async () => {
  const { path } = await account('none')
  for (const [name, automount] of [
    ['mount', true],
    ['nomount', false],
  ] as const) {
    await api.create(`${path}/serviceaccounts`, {
      metadata: { name },
      automountServiceAccountToken: automount,
    })
  }
  const mounts = async (serviceAccountName: string, automount?: boolean) => {
    const more = automount === undefined ? {} : { automountServiceAccountToken: automount }
    const body = {
      metadata: { generateName: 'p-' },
      spec: { serviceAccountName, containers: [{ name: 'c', image: 'i' }], ...more },
    }
    const { spec } = await api.create(`${path}/pods`, body)
    const mounted = spec.containers[0].volumeMounts?.some(
      ({ mountPath }: Json) => mountPath === '/var/run/secrets/kubernetes.io/serviceaccount',
    )
    assert.equal(
      mounted === true,
      (spec.volumes ?? []).some(({ projected }: Json) => projected !== undefined),
    )
    return mounted === true
  }
  for (const [name, silent] of [
    ['none', true],
    ['mount', true],
    ['nomount', false],
  ] as const) {
    assert.equal(await mounts(name), silent, name)
    assert.equal(await mounts(name, true), true, name)
    assert.equal(await mounts(name, false), false, name)
  }
})

const requestFor = async (commonName: string, signerName: string) => ({
  spec: {
    request: Buffer.from(await certificateRequest({ commonName, organizations: [] })).toString('base64'),
    signerName,
    usages: ['client auth', 'digital signature'],
    expirationSeconds: 3600,
  },
})

test('a certificate is asked for, approved through approval, and issued through status', async () => {
  const name = unique('csr')
  const made = await api.create(CSRS, {
    metadata: { name },
    ...(await requestFor('jane', 'example.com/signer')),
  })
  assert.ok(made.spec.groups.includes('system:masters'))
  const approved = { type: 'Approved', status: 'True', reason: 'E2E', message: 'by a client' }
  assert.deepEqual((await api.get(`${CSRS}/${name}/approval`)).status, {})
  const merge = { contentType: 'application/merge-patch+json' }
  await api.refused(
    422,
    'Invalid',
    'PATCH',
    `${CSRS}/${name}/status`,
    { status: { conditions: [approved] } },
    merge,
  )
  const after = await api.edit(`${CSRS}/${name}/approval`, ({ status }) => {
    status.conditions = [approved]
  })
  assert.equal(after.status.conditions[0].type, 'Approved')
  const annotated = await api.patch(`${CSRS}/${name}/approval`, {
    metadata: { annotations: { patched: 'approval' } },
  })
  assert.equal(annotated.metadata.annotations.patched, 'approval')
  const certificate = Buffer.from(api.plane.plane.pki.ca.certificatePem).toString('base64')
  const issued = await api.patch(`${CSRS}/${name}/status`, { status: { certificate } })
  assert.equal(issued.status.certificate, certificate)
  await api.refused(
    422,
    'Invalid',
    'PATCH',
    `${CSRS}/${name}/approval`,
    { status: { conditions: [] } },
    merge,
  )
})

test('an approved client certificate is signed by this cluster', async () => {
  const name = unique('csr')
  await api.create(CSRS, {
    metadata: { name },
    ...(await requestFor('jane', 'kubernetes.io/kube-apiserver-client')),
  })
  await api.patch(`${CSRS}/${name}/approval`, {
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'E2E', message: 'm' }] },
  })
  const pem = await eventually(
    'the certificate',
    async () => (await api.get(`${CSRS}/${name}`)).status.certificate,
  )
  const certificate = new X509Certificate(Buffer.from(pem, 'base64'))
  assert.match(certificate.subject, /CN=jane/)
  assert.ok(certificate.verify(new X509Certificate(api.plane.plane.pki.ca.certificatePem).publicKey))
})
