import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../object.ts'
import type { PolicyRule } from '../rbac/policy-rule.ts'
import { BOOTSTRAP_FLOW_SCHEMAS, BOOTSTRAP_PRIORITY_LEVELS } from './flow-control.ts'
import {
  aggregateRules,
  reconcileBinding,
  reconcileFlowControl,
  reconcileOnce,
  reconcileRole,
} from './reconcile.ts'
import { BOOTSTRAP_ROLES } from './roles.ts'
import { aggregatedRole, aggregateTo, clusterBinding, clusterRole, rule } from './rule.ts'

const named = (kind: string, name: string) =>
  BOOTSTRAP_ROLES.find((object) => object.kind === kind && object.metadata.name === name)!

test('every bootstrap object has its own name, and every binding a role that exists', () => {
  const keyOf = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
  const keys = BOOTSTRAP_ROLES.map(keyOf)
  assert.equal(new Set(keys).size, keys.length)
  for (const { kind, metadata, roleRef } of BOOTSTRAP_ROLES) {
    if (!kind.endsWith('Binding')) continue
    const scope = roleRef.kind === 'Role' ? metadata.namespace : ''
    assert.ok(
      keys.includes(`${roleRef.kind} ${scope}/${roleRef.name}`),
      `${metadata.name} -> ${roleRef.name}`,
    )
  }
})

test('every flow schema leads to a priority level that exists', () => {
  const levels = BOOTSTRAP_PRIORITY_LEVELS.map(({ metadata }) => metadata.name)
  for (const { metadata, spec } of BOOTSTRAP_FLOW_SCHEMAS) {
    assert.ok(levels.includes(spec.priorityLevelConfiguration.name), metadata.name)
  }
})

test('what is there already needs nothing', () => {
  for (const object of BOOTSTRAP_ROLES) {
    const reconcile = object.kind.endsWith('Binding') ? reconcileBinding : reconcileRole
    assert.deepEqual(reconcile(structuredClone(object), object), { action: 'none' }, object.metadata.name)
  }
})

test('a missing object is created', () => {
  const expected = named('ClusterRole', 'system:node')
  assert.deepEqual(reconcileRole(undefined, expected), { action: 'create', object: expected })
  assert.deepEqual(reconcileOnce(undefined, expected), { action: 'create', object: expected })
  assert.deepEqual(reconcileOnce(expected, expected), { action: 'none' })
})

test('missing rights are added and what someone added stays', () => {
  const expected = clusterRole('r', [rule('get list', 'core apps', 'pods'), rule('get', 'core', 'nodes')])
  const existing = clusterRole('r', [rule('get', '*', 'pods'), rule('delete', 'batch', 'jobs')])
  const { object } = reconcileRole(existing, expected) as { object: KubeObject }
  assert.deepEqual(object['rules'], [
    rule('get', '*', 'pods'),
    rule('delete', 'batch', 'jobs'),
    rule('list', 'core', 'pods'),
    rule('list', 'apps', 'pods'),
    rule('get', 'core', 'nodes'),
  ])
})

test('an object whose owner opted out is left alone', () => {
  const optOut = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
  const bare = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: { name: object.metadata.name!, annotations: optOut },
    rules: [],
    subjects: [],
  })
  const roleOf = named('ClusterRole', 'view')
  const bindingOf = named('ClusterRoleBinding', 'cluster-admin')
  assert.deepEqual(reconcileRole(bare(roleOf), roleOf), { action: 'none' })
  assert.deepEqual(reconcileBinding(bare(bindingOf), bindingOf), { action: 'none' })
})

test('labels and annotations that are missing are added; changed ones stay', () => {
  const expected = named('ClusterRole', 'system:discovery')
  const metadata = {
    name: 'system:discovery',
    labels: { own: 'x', 'kubernetes.io/bootstrapping': 'changed' },
  }
  const { object } = reconcileRole({ ...expected, metadata }, expected) as { object: KubeObject }
  assert.deepEqual(object.metadata.labels, { own: 'x', 'kubernetes.io/bootstrapping': 'changed' })
  assert.equal(object.metadata.annotations?.['rbac.authorization.kubernetes.io/autoupdate'], 'true')
})

test('missing subjects are added, and a binding to another role is made anew', () => {
  const expected = clusterBinding('b', 'r', ['User:a', 'ServiceAccount:ns/robot'])
  const existing = clusterBinding('b', 'r', ['Group:mine', 'User:a'])
  const result = reconcileBinding(existing, expected) as { action: string; object: KubeObject }
  assert.equal(result.action, 'update')
  assert.deepEqual(
    result.object['subjects'].map(({ name }: { name: string }) => name),
    ['mine', 'a', 'robot'],
  )
  const other = clusterBinding('b', 'another', ['User:a'])
  assert.deepEqual(reconcileBinding(other, expected), { action: 'recreate', object: expected })
})

test('flow control is set back unless its owner opted out', () => {
  const expected = BOOTSTRAP_PRIORITY_LEVELS[2]!
  const changed = { ...expected, spec: { type: 'Exempt' } }
  assert.equal(reconcileFlowControl(expected, expected).action, 'none')
  assert.equal(reconcileFlowControl(changed, expected).action, 'update')
  const optOut = { name: 'system', annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } }
  assert.equal(reconcileFlowControl({ ...changed, metadata: optOut }, expected).action, 'none')
})

test('an aggregated role gets the rules of every role that its selectors match, each once', () => {
  const role = aggregatedRole('sum', 'sum')
  const [a, b, c]: PolicyRule[] = ['pods', 'nodes', 'secrets'].map((name) =>
    rule('get', 'core', name),
  ) as never
  const others = [
    clusterRole('z', [b!, a!], aggregateTo('sum')),
    clusterRole('m', [a!], aggregateTo('sum')),
    clusterRole('n', [c!]),
  ]
  assert.deepEqual(aggregateRules(role, [role, ...others]), [a, b])
  assert.equal(aggregateRules({ ...role, rules: [a, b] }, others), undefined)
  assert.equal(aggregateRules(others[0]!, others), undefined)
})

test('view never shows secrets and edit never touches roles', () => {
  const rulesOf = (name: string) => {
    const collect = (of: string): PolicyRule[] => {
      const role = named('ClusterRole', of)
      const own = aggregateRules(role, BOOTSTRAP_ROLES) ?? (role['rules'] as PolicyRule[])
      const nested = BOOTSTRAP_ROLES.filter(
        ({ metadata }) =>
          metadata.labels?.[`rbac.authorization.k8s.io/aggregate-to-${of}`] && metadata.name !== of,
      ).flatMap(({ metadata }) => (metadata.name!.startsWith('system:') ? [] : collect(metadata.name!)))
      return [...own, ...nested]
    }
    return collect(name)
  }
  const touches = (name: string, resource: string) =>
    rulesOf(name).some((r) => r.resources?.includes(resource))
  assert.equal(touches('view', 'pods'), true)
  assert.equal(touches('view', 'secrets'), false)
  assert.equal(touches('edit', 'secrets'), true)
  assert.equal(touches('edit', 'rolebindings'), false)
  assert.equal(touches('admin', 'rolebindings'), true)
})
