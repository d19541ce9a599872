import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { isStatus, type StatusReason } from '@brume/base/errors'
import { ensurePki, type Pki } from '../pki/ensure.ts'
import { type Auth, createAuth, DEFAULT_ISSUER } from '../testing/create.ts'
import { ObjectMap } from '../testing/object-map.ts'
import { parseToken } from '../tokens/jwt.ts'
import type { UserInfo } from '../types.ts'
import { reviewHandlers } from './handlers.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const ADMIN: UserInfo = { name: 'root', groups: ['system:masters', 'system:authenticated'] }
const ANNA: UserInfo = { name: 'anna', groups: ['system:authenticated'] }
const RBAC = 'rbac.authorization.k8s.io'
const clock = { now: () => START, after: () => ({ cancel() {} }) }
let dir: string
let pki: Pki
let objects: ObjectMap
let auth: Auth

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brume-reviews-'))
  pki = await ensurePki(dir, { hosts: [], clock })
})
after(() => rm(dir, { recursive: true }))
beforeEach(() => {
  objects = new ObjectMap()
  auth = createAuth({ pki, reader: objects, clock })
  put('serviceaccounts', 'ServiceAccount', { namespace: 'ci', name: 'robot', uid: 'u1' })
  const rules = [
    { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['web'] },
    { verbs: ['get'], nonResourceURLs: ['/metrics'] },
  ]
  const reader = { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: 'reader' }, rules }
  objects.put(RBAC, 'clusterroles', reader)
  objects.put(RBAC, 'clusterrolebindings', {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'b' },
    subjects: [{ kind: 'User', name: 'anna' }],
    roleRef: { kind: 'ClusterRole', name: 'reader' },
  })
})

function put(plural: string, kind: string, metadata: KubeObject['metadata'], fields: object = {}): void {
  objects.put('', plural, { apiVersion: 'v1', kind, metadata, ...fields })
}

interface Asked {
  user?: UserInfo
  namespace?: string
  name?: string
  metadata?: KubeObject['metadata']
}
function ask(
  kind: string,
  spec: object,
  { user = ANNA, namespace = '', name = '', metadata = {} }: Asked = {},
): KubeObject {
  const group =
    kind.startsWith('Token') || kind === 'SelfSubjectReview'
      ? 'authentication.k8s.io'
      : 'authorization.k8s.io'
  const object = { apiVersion: `${group}/v1`, kind, metadata, spec }
  return reviewHandlers[`${group}/${kind}`]!({ object, user, namespace, name }, auth.reviews)
}
function refused(run: () => unknown, reason: StatusReason, message: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(isStatus(error, reason), String(error))
    assert.match(error.message, message)
    return true
  })
}

test('SelfSubjectAccessReview answers for the caller', () => {
  const web = { verb: 'get', resource: 'pods', namespace: 'ns', name: 'web' }
  assert.deepEqual(ask('SelfSubjectAccessReview', { resourceAttributes: web })['status'], {
    allowed: true,
    reason: 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to User "anna"',
  })
  const other = { ...web, name: 'db' }
  assert.deepEqual(ask('SelfSubjectAccessReview', { resourceAttributes: other })['status'], {
    allowed: false,
  })
  const path = { nonResourceAttributes: { verb: 'get', path: '/metrics' } }
  assert.equal(ask('SelfSubjectAccessReview', path)['status'].allowed, true)
})

test('SubjectAccessReview answers for anyone', () => {
  const resourceAttributes = { verb: 'delete', resource: 'nodes' }
  const review = (spec: object) =>
    ask('SubjectAccessReview', { resourceAttributes, ...spec })['status'].allowed
  assert.equal(review({ user: 'anna' }), false)
  assert.equal(review({ groups: ['system:masters'] }), true)
})

const INVALID: [string, object, Asked, RegExp][] = [
  [
    'SubjectAccessReview',
    { resourceAttributes: {} },
    {},
    /spec.user: Invalid value: "": at least one of user or group must be specified/,
  ],
  [
    'SubjectAccessReview',
    { user: 'a' },
    {},
    /exactly one of nonResourceAttributes or resourceAttributes must be specified/,
  ],
  [
    'SelfSubjectAccessReview',
    { resourceAttributes: {}, nonResourceAttributes: {} },
    {},
    /cannot be specified in combination with resourceAttributes/,
  ],
  [
    'SelfSubjectAccessReview',
    { resourceAttributes: {} },
    { metadata: { name: 'x' } },
    /metadata: Invalid value: .*must be empty/,
  ],
  [
    'LocalSubjectAccessReview',
    { user: 'a', resourceAttributes: { namespace: 'b' } },
    { namespace: 'a' },
    /spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace/,
  ],
  [
    'LocalSubjectAccessReview',
    { user: 'a', nonResourceAttributes: {} },
    { namespace: 'a' },
    /disallowed on this kind of request/,
  ],
]
for (const [kind, spec, asked, message] of INVALID) {
  test(`${kind} with ${JSON.stringify(spec)} is Invalid`, () =>
    refused(() => ask(kind, spec, asked), 'Invalid', message))
}

test('SelfSubjectRulesReview lists what the caller may do', () => {
  assert.deepEqual(ask('SelfSubjectRulesReview', { namespace: 'ns' })['status'], {
    resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['web'] }],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }],
    incomplete: false,
  })
  assert.equal(
    ask('SelfSubjectRulesReview', { namespace: 'ns' }, { user: ADMIN })['status'].resourceRules[0].verbs[0],
    '*',
  )
  refused(() => ask('SelfSubjectRulesReview', {}), 'BadRequest', /no namespace on request/)
})

test('SelfSubjectReview says who the caller is', () => {
  const user = { name: 'anna', uid: '7', groups: ['g'], extra: { k: ['v'] } }
  assert.deepEqual(ask('SelfSubjectReview', {}, { user })['status'], {
    userInfo: { username: 'anna', uid: '7', groups: ['g'], extra: { k: ['v'] } },
  })
})

const robot: Asked = { namespace: 'ci', name: 'robot' }
const review = (spec: object) => ask('TokenReview', spec)['status']

test('a requested token is one that TokenReview knows', () => {
  const { status, spec } = ask('TokenRequest', { expirationSeconds: 600 }, robot)
  assert.equal(status.expirationTimestamp, '2026-01-01T00:10:00Z')
  assert.deepEqual(spec.audiences, [DEFAULT_ISSUER])
  const answer = review({ token: status.token })
  assert.equal(answer.authenticated, true)
  assert.equal(answer.user.username, 'system:serviceaccount:ci:robot')
  assert.ok(answer.user.groups.includes('system:authenticated'))
  assert.deepEqual(answer.audiences, [DEFAULT_ISSUER])
})

test('a token for others is good for them alone', () => {
  const { token } = ask('TokenRequest', { audiences: ['vault'] }, robot)['status']
  assert.match(review({ token }).error, /audiences/)
  assert.deepEqual(review({ token, audiences: ['vault', 'x'] }).audiences, ['vault'])
})

test('TokenReview of rubbish is not authenticated', () => {
  assert.deepEqual(review({ token: 'rubbish' }), { user: {}, error: 'invalid bearer token' })
  refused(() => review({}), 'BadRequest', /token is required/)
})

test('a token bound to a pod names its node, and lives longer when it is the automatic one', () => {
  put('nodes', 'Node', { name: 'n1', uid: 'nu' })
  put(
    'pods',
    'Pod',
    { namespace: 'ci', name: 'p', uid: 'pu' },
    { spec: { serviceAccountName: 'robot', nodeName: 'n1' } },
  )
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'pu' }
  const { token, expirationTimestamp } = ask(
    'TokenRequest',
    { expirationSeconds: 3607, boundObjectRef },
    robot,
  )['status']
  const claims = parseToken(token)!.claims as Record<string, unknown>
  assert.deepEqual(claims['kubernetes.io'], {
    namespace: 'ci',
    node: { name: 'n1', uid: 'nu' },
    pod: { name: 'p', uid: 'pu' },
    serviceaccount: { name: 'robot', uid: 'u1' },
    warnafter: START / 1000 + 3607,
  })
  assert.equal(claims['exp'], START / 1000 + 365 * 24 * 3600)
  assert.equal(expirationTimestamp, '2026-01-01T01:00:07Z')
})

const pod = (name: string, uid?: string) => ({
  boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, ...(uid && { uid }) },
})
const BAD_REQUESTS: [object, StatusReason, RegExp][] = [
  [
    { expirationSeconds: 599 },
    'Invalid',
    /spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes/,
  ],
  [{ expirationSeconds: 2 ** 32 + 1 }, 'Invalid', /may not specify a duration larger than 2\^32 seconds/],
  [pod('gone'), 'NotFound', /pods "gone" not found/],
  [
    pod('other'),
    'BadRequest',
    /cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name/,
  ],
  [
    pod('own', 'wrong'),
    'Conflict',
    /the UID in the bound object reference \(wrong\) does not match the UID in record/,
  ],
  [
    { boundObjectRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
    'BadRequest',
    /cannot bind token to object of type apps\/v1, Kind=Deployment/,
  ],
  [
    { boundObjectRef: { apiVersion: 'v1', kind: 'constructor', name: 'd' } },
    'BadRequest',
    /object of type \/v1, Kind=constructor/,
  ],
]
for (const [spec, reason, message] of BAD_REQUESTS) {
  test(`TokenRequest with ${JSON.stringify(spec)} is ${reason}`, () => {
    put('pods', 'Pod', { namespace: 'ci', name: 'other', uid: '1' }, { spec: { serviceAccountName: 'x' } })
    put('pods', 'Pod', { namespace: 'ci', name: 'own', uid: '2' }, { spec: { serviceAccountName: 'robot' } })
    refused(() => ask('TokenRequest', spec, robot), reason, message)
  })
}
