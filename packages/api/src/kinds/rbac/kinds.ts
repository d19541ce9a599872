// The kinds of rbac.authorization.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { clusterRoleBinding, roleBinding } from './role-bindings.ts'
import { clusterRole, role } from './roles.ts'

export const rbacKinds: KindSource[] = [clusterRoleBinding, clusterRole, roleBinding, role]
