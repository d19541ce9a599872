// Role and ClusterRole: sets of allowed verbs on resources.

import { isPathSegmentName } from '../../validate/names.ts'
import { createdAt } from '../cells.ts'
import { defineKind } from '../define.ts'
import { validateClusterRole, validateRole } from './rules.ts'

export const role = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  allowCreateOnUpdate: true,
  columns: [createdAt],
  validateName: isPathSegmentName,
  validate: validateRole,
})

export const clusterRole = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  allowCreateOnUpdate: true,
  columns: [createdAt],
  validateName: isPathSegmentName,
  validate: validateClusterRole,
})
