import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { PolicyRule } from '@brume/api/rbac/policy-rule'
import { isStatus } from '@brume/base/errors'
import { ObjectMap } from '../testing/object-map.ts'
import { bindingEscalation, type EscalationContext, roleEscalation } from './escalation.ts'
import { rbacAuthorizer } from './rbac.ts'
import { createRbacIndex } from './rbac-index.ts'

const GROUP = 'rbac.authorization.k8s.io'
const APIVERSION = `${GROUP}/v1`

function context(held: PolicyRule[], namespace = 'ns'): EscalationContext {
  const objects = new ObjectMap()
  const role = (name: string, rules: PolicyRule[]): KubeObject => ({
    apiVersion: APIVERSION,
    kind: 'ClusterRole',
    metadata: { name },
    rules,
  })
  objects.put(GROUP, 'clusterroles', role('held', held))
  objects.put(GROUP, 'clusterroles', role('power', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]))
  objects.put(GROUP, 'clusterrolebindings', {
    apiVersion: APIVERSION,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'b' },
    subjects: [{ kind: 'User', name: 'anna' }],
    roleRef: { kind: 'ClusterRole', name: 'held' },
  })
  const rbac = createRbacIndex(objects)
  const user = { name: 'anna', groups: ['devs', 'system:authenticated'] }
  return { user, namespace, rbac, authorizer: rbacAuthorizer(rbac) }
}

const newRole = (rules: PolicyRule[], more = {}): KubeObject => ({
  apiVersion: APIVERSION,
  kind: 'ClusterRole',
  metadata: { name: 'new' },
  rules,
  ...more,
})
const newBinding = (name: string): KubeObject => ({
  apiVersion: APIVERSION,
  kind: 'RoleBinding',
  metadata: { name: 'new', namespace: 'ns' },
  subjects: [],
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
})

const READ_PODS: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }

test('who holds the rights may grant them', () => {
  assert.equal(roleEscalation(newRole([READ_PODS]), undefined, context([READ_PODS])), undefined)
  const all = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
  assert.equal(roleEscalation(newRole([READ_PODS]), undefined, context([all])), undefined)
})

test('a grant beyond what is held is refused and names what is missing', () => {
  const wanted: PolicyRule[] = [
    { verbs: ['get', 'delete', 'update'], apiGroups: [''], resources: ['pods', 'pods/exec'] },
    { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] },
    { verbs: ['get'], nonResourceURLs: ['/metrics'] },
  ]
  assert.equal(
    roleEscalation(newRole(wanted), undefined, context([READ_PODS])),
    [
      'user "anna" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
      '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "update"]}',
      '{APIGroups:[""], Resources:["pods/exec"], Verbs:["get" "delete" "update"]}',
      '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["web"], Verbs:["get"]}',
      '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    ].join('\n'),
  )
})

test('the verb escalate lifts the check for roles', () => {
  const escalate = {
    verbs: ['escalate'],
    apiGroups: [GROUP],
    resources: ['clusterroles'],
    resourceNames: ['new'],
  }
  assert.equal(roleEscalation(newRole([READ_PODS]), undefined, context([escalate])), undefined)
  const other = { ...escalate, resourceNames: ['other'] }
  assert.match(roleEscalation(newRole([READ_PODS]), undefined, context([other])) ?? '', /not currently held/)
})

test('an aggregation rule takes full authority', () => {
  const aggregated = newRole([], { aggregationRule: { clusterRoleSelectors: [] } })
  assert.equal(
    roleEscalation(aggregated, undefined, context([READ_PODS])),
    'must have cluster-admin privileges to use the aggregationRule',
  )
  const admin = { ...context([]), user: { name: 'root', groups: ['system:masters'] } }
  assert.equal(roleEscalation(aggregated, undefined, admin), undefined)
  assert.match(
    roleEscalation(newRole([READ_PODS]), aggregated, context([READ_PODS])) ?? '',
    /cluster-admin privileges/,
  )
})

test('binding a role takes its rights or the verb bind', () => {
  assert.equal(bindingEscalation(newBinding('held'), context([READ_PODS])), undefined)
  assert.match(
    bindingEscalation(newBinding('power'), context([READ_PODS])) ?? '',
    /\{APIGroups:\["\*"\], Resources:\["\*"\], Verbs:\["\*"\]\}$/,
  )
  const bind = { verbs: ['bind'], apiGroups: [GROUP], resources: ['clusterroles'], resourceNames: ['power'] }
  assert.equal(bindingEscalation(newBinding('power'), context([bind])), undefined)
})

test('binding a role that does not exist is NotFound', () => {
  assert.throws(
    () => bindingEscalation(newBinding('gone'), context([READ_PODS])),
    (error) => isStatus(error, 'NotFound') && error.message === `clusterroles.${GROUP} "gone" not found`,
  )
})
