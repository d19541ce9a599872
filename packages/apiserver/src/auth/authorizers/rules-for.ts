// Everything a user may do in a namespace, for SelfSubjectRulesReview and for the checks against escalation.

import type { PolicyRule } from '@brume/api/rbac/policy-rule'
import type { UserInfo } from '../types.ts'
import type { RbacIndex } from './rbac-index.ts'
import { SUPERUSERS } from './union.ts'

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

export interface UserRules {
  rules: readonly PolicyRule[]
  /** Roles that are bound but do not exist. */
  errors: string[]
}

export function rulesFor(user: UserInfo, namespace: string, index: RbacIndex): UserRules {
  const grants = index.grantsFor(user, namespace)
  const everything = user.groups.includes(SUPERUSERS) ? EVERYTHING : []
  return {
    rules: [...everything, ...grants.flatMap(({ rules }) => rules)],
    errors: [...new Set(grants.flatMap(({ error }) => error ?? []))],
  }
}
