// RoleBinding and ClusterRoleBinding: who has a role.

import type { KubeObject } from '../../object.ts'
import type { Column } from '../../resource.ts'
import { isPathSegmentName } from '../../validate/names.ts'
import { text, wide } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { setBindingDefaults, validateBinding, validateRoleRefStays } from './binding-rules.ts'

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
  validateName: isPathSegmentName,
  setDefaults: setBindingDefaults,
  validate: (object) => validateBinding(object, { roleKinds: ['Role', 'ClusterRole'], isNamespaced: true }),
  validateUpdate: validateRoleRefStays,
})

export const clusterRoleBinding = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  allowCreateOnUpdate: true,
  columns,
  validateName: isPathSegmentName,
  setDefaults: setBindingDefaults,
  validate: (object) => validateBinding(object, { roleKinds: ['ClusterRole'], isNamespaced: false }),
  validateUpdate: validateRoleRefStays,
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
