import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, kindOf, refuses, refusesUpdates, withPaths } from '../testing.ts'

const GROUP = 'rbac.authorization.k8s.io'
const READ = { apiGroups: [''], resources: ['pods'], verbs: ['get'] }
const ROLE = { apiVersion: `${GROUP}/v1`, kind: 'Role', metadata: { name: 'system:reader' }, rules: [READ] }
const CLUSTER_ROLE = { ...ROLE, kind: 'ClusterRole' }
const BINDING = {
  apiVersion: `${GROUP}/v1`,
  kind: 'RoleBinding',
  metadata: { name: 'readers' },
  roleRef: { kind: 'ClusterRole', name: 'view' },
  subjects: [
    { kind: 'User', name: 'ann' },
    { kind: 'User', name: 'bob' },
    { kind: 'Group', name: 'devs' },
    { kind: 'ServiceAccount', name: 'ci', namespace: 'build' },
  ],
}

refuses(ROLE, [
  [
    'has a path segment as name',
    { 'metadata.name': 'a/b' },
    ['metadata.name: Invalid value: "a/b": may not contain \'/\''],
  ],
  [
    'says verbs, groups and resources',
    { rules: [{}] },
    [
      'rules[0].verbs: Required value: verbs must contain at least one value',
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
  ],
  [
    'is about resources',
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }] },
    [
      'rules[0].nonResourceURLs: Invalid value: []string{"/healthz"}: namespaced rules cannot apply to non-resource URLs',
    ],
  ],
])

refuses(CLUSTER_ROLE, [
  [
    'is about resources or paths',
    { 'rules[0].nonResourceURLs': ['/healthz'] },
    [
      'rules[0].nonResourceURLs: Invalid value: []string{"/healthz"}: rules cannot apply to both regular resources and non-resource URLs',
    ],
  ],
  [
    'aggregates something',
    { aggregationRule: {} },
    [
      'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
    ],
  ],
])

test('a binding means roles and people of this API group', () => {
  const object = created(BINDING)
  assert.equal(object['roleRef'].apiGroup, GROUP)
  assert.deepEqual(
    object['subjects'].map((subject: { apiGroup?: string }) => subject.apiGroup),
    [GROUP, GROUP, GROUP, undefined],
  )
})

refuses(BINDING, [
  [
    'refers to a role',
    { roleRef: { apiGroup: 'x', kind: 'Pod', name: '' } },
    [
      `roleRef.apiGroup: Unsupported value: "x": supported values: "${GROUP}"`,
      'roleRef.kind: Unsupported value: "Pod": supported values: "Role", "ClusterRole"',
      'roleRef.name: Required value',
    ],
  ],
  [
    'names known subjects',
    {
      subjects: [
        { kind: 'Robot', name: '' },
        { kind: 'ServiceAccount', name: 'a', apiGroup: 'x' },
      ],
    },
    [
      'subjects[0].name: Required value',
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
      'subjects[1].apiGroup: Unsupported value: "x": supported values: ""',
    ],
  ],
])

refuses({ ...BINDING, kind: 'ClusterRoleBinding' }, [
  [
    'refers to a ClusterRole',
    { 'roleRef.kind': 'Role' },
    ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
  ],
  [
    'says in which namespace an account is',
    { subjects: [{ kind: 'ServiceAccount', name: 'a' }] },
    ['subjects[0].namespace: Required value'],
  ],
])

refusesUpdates(BINDING, [
  [
    'keeps its role',
    { 'roleRef.name': 'edit' },
    [
      `roleRef: Invalid value: rbac.RoleRef{APIGroup:"${GROUP}", Kind:"ClusterRole", Name:"edit"}: cannot change roleRef`,
    ],
  ],
])

test('the tables show the role and who has it', () => {
  assert.deepEqual(cellsOf(BINDING), {
    Name: 'readers',
    Role: 'ClusterRole/view',
    Age: '<unknown>',
    Users: 'ann, bob',
    Groups: 'devs',
    ServiceAccounts: 'build/ci',
  })
  assert.deepEqual(
    kindOf(withPaths(ROLE, {})).columns.map(({ name }) => name),
    ['Name', 'Created At'],
  )
})
