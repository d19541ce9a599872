// Role and ClusterRole: sets of allowed verbs on resources.

import { createdAt } from '../cells.ts'
import { defineKind } from '../define.ts'

export const role = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  allowCreateOnUpdate: true,
  columns: [createdAt],
})

export const clusterRole = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  allowCreateOnUpdate: true,
  columns: [createdAt],
})
