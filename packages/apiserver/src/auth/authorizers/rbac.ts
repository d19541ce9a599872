// Role-based access control: a request is allowed when some rule that applies to the user says so.

import type { Attributes, Authorizer, Decision } from '../types.ts'
import type { RbacIndex } from './rbac-index.ts'
import { ruleAllows } from './rules.ts'

export function rbacAuthorizer(index: RbacIndex): Authorizer {
  return { authorize: (attributes) => decide(attributes, index) }
}

function decide(attributes: Attributes, index: RbacIndex): Decision {
  const namespace = attributes.resourceRequest ? attributes.namespace : ''
  const grants = index.grantsFor(attributes.user, namespace)
  for (const { rules, source } of grants) {
    for (const rule of rules) {
      if (ruleAllows(rule, attributes)) return { allowed: true, reason: `RBAC: allowed by ${source}` }
    }
  }
  const errors = [...new Set(grants.flatMap(({ error }) => error ?? []))]
  return { allowed: false, denied: false, reason: errors.length === 0 ? '' : `RBAC: ${list(errors)}` }
}

function list(errors: string[]): string {
  return errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`
}
