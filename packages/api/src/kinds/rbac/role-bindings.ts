// RoleBinding and ClusterRoleBinding: who has a role.

import type { KubeObject } from '../../object.ts'
import type { Column } from '../../resource.ts'
import { text, wide } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

const columns: readonly Column[] = [
  text('Role', (object) => `${object['roleRef']?.kind}/${object['roleRef']?.name}`),
  age,
  wide('Users', (object) => subjectNames(object, 'User')),
  wide('Groups', (object) => subjectNames(object, 'Group')),
  wide('ServiceAccounts', (object) => subjectNames(object, 'ServiceAccount')),
]

export const roleBinding = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  allowCreateOnUpdate: true,
  columns,
})

export const clusterRoleBinding = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  allowCreateOnUpdate: true,
  columns,
})

interface Subject {
  kind: string
  name: string
  namespace?: string
}

function subjectNames(object: KubeObject, kind: string): string {
  const subjects: Subject[] = object['subjects'] ?? []
  return subjects
    .filter((subject) => subject.kind === kind)
    .map((subject) =>
      kind === 'ServiceAccount' ? `${subject.namespace ?? ''}/${subject.name}` : subject.name,
    )
    .join(', ')
}
