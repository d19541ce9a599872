import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { KubeObject } from '@brume/api/object'
import type { PolicyRule } from '@brume/api/rbac/policy-rule'
import { ObjectMap } from '../testing/object-map.ts'
import type { Attributes, UserInfo } from '../types.ts'
import { forbiddenFor } from './forbidden.ts'
import { rbacAuthorizer } from './rbac.ts'
import { createRbacIndex } from './rbac-index.ts'
import { pathMatches, resourceMatches } from './rules.ts'
import { superuserAuthorizer, unionAuthorizer } from './union.ts'

const GROUP = 'rbac.authorization.k8s.io'
const ANNA: UserInfo = { name: 'anna', groups: ['devs', 'system:authenticated'] }
const ROBOT: UserInfo = { name: 'system:serviceaccount:ci:robot', groups: ['system:serviceaccounts'] }

function role(
  kind: 'Role' | 'ClusterRole',
  name: string,
  rules: PolicyRule[],
  namespace?: string,
): KubeObject {
  const metadata = namespace === undefined ? { name } : { name, namespace }
  return { apiVersion: `${GROUP}/v1`, kind, metadata, rules }
}

function binding(options: {
  name: string
  namespace?: string
  to: Record<string, string>[]
  role: { kind: string; name: string }
}): KubeObject {
  const { name, namespace } = options
  return {
    apiVersion: `${GROUP}/v1`,
    kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: namespace === undefined ? { name } : { name, namespace },
    subjects: options.to,
    roleRef: { apiGroup: GROUP, ...options.role },
  }
}

function ask(
  user: UserInfo,
  verb: string,
  what: Partial<Extract<Attributes, { resourceRequest: true }>>,
): Attributes {
  const empty = { group: '', version: 'v1', subresource: '', namespace: '', name: '' }
  return { resourceRequest: true, user, verb, resource: 'pods', ...empty, ...what }
}

function state() {
  const objects = new ObjectMap()
  const authorizer = rbacAuthorizer(createRbacIndex(objects))
  const read: PolicyRule[] = [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] }]
  objects.put(GROUP, 'clusterroles', role('ClusterRole', 'reader', read))
  return { objects, authorizer }
}

test('a cluster-wide binding allows everywhere and says why', () => {
  const { objects, authorizer } = state()
  const to = [
    { kind: 'Group', name: 'devs' },
    { kind: 'User', name: 'anna' },
  ]
  objects.put(
    GROUP,
    'clusterrolebindings',
    binding({ name: 'b', to, role: { kind: 'ClusterRole', name: 'reader' } }),
  )
  assert.deepEqual(authorizer.authorize(ask(ANNA, 'list', { namespace: 'default' })), {
    allowed: true,
    reason: 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to Group "devs"',
  })
  assert.equal(authorizer.authorize(ask(ANNA, 'list', {})).allowed, true)
  assert.equal(authorizer.authorize(ask(ANNA, 'get', { subresource: 'log' })).allowed, true)
  assert.equal(authorizer.authorize(ask(ANNA, 'get', { subresource: 'exec' })).allowed, false)
  assert.equal(authorizer.authorize(ask(ANNA, 'delete', {})).allowed, false)
  assert.equal(authorizer.authorize(ask(ANNA, 'list', { group: 'apps' })).allowed, false)
  assert.equal(authorizer.authorize(ask(ROBOT, 'list', {})).allowed, false)
})

test('a binding in a namespace allows there only', () => {
  const { objects, authorizer } = state()
  const to = [{ kind: 'ServiceAccount', name: 'robot' }]
  const own: PolicyRule[] = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*/scale'], resourceNames: ['web'] },
  ]
  objects.put(GROUP, 'roles', role('Role', 'scaler', own, 'ci'))
  objects.put(
    GROUP,
    'rolebindings',
    binding({ name: 'b', namespace: 'ci', to, role: { kind: 'Role', name: 'scaler' } }),
  )
  const scale = { group: 'apps', resource: 'deployments', subresource: 'scale', name: 'web' }
  assert.deepEqual(authorizer.authorize(ask(ROBOT, 'update', { ...scale, namespace: 'ci' })), {
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "b/ci" of Role "scaler" to ServiceAccount "robot/ci"',
  })
  assert.equal(authorizer.authorize(ask(ROBOT, 'update', { ...scale, namespace: 'other' })).allowed, false)
  assert.equal(authorizer.authorize(ask(ROBOT, 'update', scale)).allowed, false)
  assert.equal(
    authorizer.authorize(ask(ROBOT, 'update', { ...scale, name: 'db', namespace: 'ci' })).allowed,
    false,
  )
  assert.equal(
    authorizer.authorize(ask(ROBOT, 'update', { ...scale, subresource: '', namespace: 'ci' })).allowed,
    false,
  )
})

test('a changed role or binding counts from the next question on', () => {
  const { objects, authorizer } = state()
  const allowed = () => authorizer.authorize(ask(ANNA, 'list', { namespace: 'a' })).allowed
  assert.equal(allowed(), false)
  const to = [{ kind: 'User', name: 'anna' }]
  const reader = { kind: 'ClusterRole', name: 'reader' }
  objects.put(GROUP, 'rolebindings', binding({ name: 'b', namespace: 'a', to, role: reader }))
  assert.equal(allowed(), true)
  objects.put(GROUP, 'clusterroles', role('ClusterRole', 'reader', []))
  assert.equal(allowed(), false)
  objects.put(
    GROUP,
    'clusterroles',
    role('ClusterRole', 'reader', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]),
  )
  assert.equal(allowed(), true)
  objects.remove(GROUP, 'rolebindings', 'a', 'b')
  assert.equal(allowed(), false)
})

test('a binding to a missing role is told in the refusal', () => {
  const { objects, authorizer } = state()
  const to = [{ kind: 'User', name: 'anna' }]
  objects.put(
    GROUP,
    'clusterrolebindings',
    binding({ name: 'b', to, role: { kind: 'ClusterRole', name: 'nope' } }),
  )
  const decision = authorizer.authorize(ask(ANNA, 'list', {}))
  assert.deepEqual(decision, {
    allowed: false,
    denied: false,
    reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "nope" not found',
  })
})

test('system:masters may do everything without any role', () => {
  const authorizer = unionAuthorizer([superuserAuthorizer, rbacAuthorizer(createRbacIndex(new ObjectMap()))])
  const admin = { name: 'a', groups: ['system:masters'] }
  assert.equal(authorizer.authorize(ask(admin, 'delete', { resource: 'nodes' })).allowed, true)
  assert.equal(
    authorizer.authorize({ resourceRequest: false, user: admin, verb: 'get', path: '/x' }).allowed,
    true,
  )
  assert.equal(authorizer.authorize(ask(ANNA, 'get', {})).allowed, false)
})

const PATHS: [string, string, boolean][] = [
  ['*', '/metrics', true],
  ['/healthz', '/healthz', true],
  ['/healthz', '/healthz/', false],
  ['/healthz/*', '/healthz/log', true],
  ['/healthz/*', '/healthz', false],
  ['/api*', '/apis/apps', true],
  ['/apis/*/v1', '/apis/apps/v1', false],
]
for (const [pattern, path, expected] of PATHS) {
  test(`the path pattern ${pattern} ${expected ? 'covers' : 'does not cover'} ${path}`, () => {
    assert.equal(pathMatches([pattern], path), expected)
  })
}

const RESOURCES: [string, string, string, boolean][] = [
  ['pods', 'pods', '', true],
  ['pods', 'pods', 'log', false],
  ['pods/log', 'pods', 'log', true],
  ['*', 'pods', 'log', true],
  ['*/log', 'pods', 'log', true],
  ['*/log', 'pods', '', false],
  ['pods/*', 'pods', 'log', false],
]
for (const [entry, resource, subresource, expected] of RESOURCES) {
  test(`the resource ${entry} ${expected ? 'covers' : 'does not cover'} ${resource}/${subresource}`, () => {
    assert.equal(resourceMatches([entry], resource, subresource), expected)
  })
}

const REFUSALS: { attributes: Attributes; reason: string; message: string; details: object }[] = [
  {
    attributes: ask({ name: 'x', groups: [] }, 'list', { namespace: 'default' }),
    reason: '',
    message:
      'pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "default"',
    details: { kind: 'pods' },
  },
  {
    attributes: ask(ANNA, 'update', {
      group: 'apps',
      resource: 'deployments',
      subresource: 'scale',
      name: 'web',
    }),
    reason: 'RBAC: no',
    message:
      'deployments.apps "web" is forbidden: User "anna" cannot update resource "deployments/scale" in API group "apps" at the cluster scope: RBAC: no',
    details: { name: 'web', group: 'apps', kind: 'deployments' },
  },
  {
    attributes: { resourceRequest: false, user: { name: '<b>', groups: [] }, verb: 'get', path: '/metrics' },
    reason: '',
    message: 'forbidden: User "&lt;b&gt;" cannot get path "/metrics"',
    details: {},
  },
]
for (const { attributes, reason, message, details } of REFUSALS) {
  test(`a refusal reads: ${message}`, () => {
    const error = forbiddenFor(attributes, reason)
    assert.equal(error.message, message)
    assert.equal(error.code, 403)
    assert.deepEqual(error.details, details)
  })
}

test('what anyone may ask about is not kept when it is large', () => {
  const { objects } = state()
  const to = [{ kind: 'Group', name: 'devs' }]
  const roleRef = { kind: 'ClusterRole', name: 'reader' }
  objects.put(GROUP, 'clusterrolebindings', binding({ name: 'b', to, role: roleRef }))
  const index = createRbacIndex(objects)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  const large = 512 * 1024
  for (let i = 0; i < 150; i++) {
    const text = Buffer.alloc(large, `${i}x`).toString('latin1')
    assert.equal(index.grantsFor(ANNA, text).length, 1)
    assert.equal(index.grantsFor({ name: text, groups: ['devs'] }, 'ns').length, 1)
    assert.equal(index.grantsFor({ name: 'eve', groups: [text] }, 'ns').length, 0)
  }
  assert.ok(used() - before < 20 * large, 'nothing of it is left')
  // What is small is kept: the very same answer.
  assert.equal(index.grantsFor(ANNA, 'ns'), index.grantsFor(ANNA, 'ns'))
})
