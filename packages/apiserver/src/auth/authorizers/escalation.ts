// Nobody may grant more than they hold: the check on roles and bindings, with the verbs `escalate` and `bind` as the
// way around it.

import type { KubeObject } from '@brume/api/object'
import { compactRules, describeRule, missingRules, type PolicyRule } from '@brume/api/rbac/policy-rule'
import { notFound } from '@brume/base/errors'
import type { Authorizer, UserInfo } from '../types.ts'
import type { RbacIndex, RoleRef } from './rbac-index.ts'
import { rulesFor } from './rules-for.ts'
import { SUPERUSERS } from './union.ts'

const GROUP = 'rbac.authorization.k8s.io'
const FULL_AUTHORITY: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

export interface EscalationContext {
  user: UserInfo
  /** Of the object that is written; '' for cluster-wide ones. */
  namespace: string
  rbac: RbacIndex
  authorizer: Authorizer
}

/** Why this role may not be written by this user, in the place of `old` if there is one; undefined: it may. */
export function roleEscalation(
  role: KubeObject,
  old: KubeObject | undefined,
  context: EscalationContext,
): string | undefined {
  const resource = role.kind === 'ClusterRole' ? 'clusterroles' : 'roles'
  const name = role.metadata.name ?? ''
  if (isSuperuser(context.user) || may('escalate', { resource, name }, context)) return undefined
  const own = notHeld((role['rules'] ?? []) as PolicyRule[], context)
  if (own !== undefined) return own
  // A rule of aggregation that goes would leave the role with what it gathered.
  const isAggregated = role['aggregationRule'] != null || old?.['aggregationRule'] != null
  if (!isAggregated || notHeld(FULL_AUTHORITY, context) === undefined) return undefined
  return 'must have cluster-admin privileges to use the aggregationRule'
}

/** Why this binding may not be written. Throws NotFound when the role does not exist. */
export function bindingEscalation(binding: KubeObject, context: EscalationContext): string | undefined {
  if (isSuperuser(context.user)) return undefined
  const roleRef = (binding['roleRef'] ?? {}) as RoleRef
  const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles'
  const name = roleRef.name ?? ''
  if (may('bind', { resource, name }, context)) return undefined
  const rules = context.rbac.rulesOfRole(roleRef, context.namespace)
  if (rules === undefined) throw notFound({ group: GROUP, resource, name })
  return notHeld(rules, context)
}

function isSuperuser(user: UserInfo): boolean {
  return user.groups.includes(SUPERUSERS)
}

function may(verb: string, of: { resource: string; name: string }, context: EscalationContext): boolean {
  const { user, namespace, authorizer } = context
  const decision = authorizer.authorize({
    resourceRequest: true,
    ...{ user, verb, group: GROUP, version: '*', subresource: '', namespace },
    ...of,
  })
  return decision.allowed
}

function notHeld(
  wanted: readonly PolicyRule[],
  { user, namespace, rbac }: EscalationContext,
): string | undefined {
  const { rules, errors } = rulesFor(user, namespace, rbac)
  const missing = missingRules(rules, wanted)
  if (missing.length === 0) return undefined
  const shown = [...new Set(compactRules(missing).map(describeRule))].sort().join('\n')
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ')
  const who = `user ${JSON.stringify(user.name)} (groups=[${groups}])`
  const failed = errors.length === 0 ? '' : `; resolution errors: [${errors.join(' ')}]`
  return `${who} is attempting to grant RBAC permissions not currently held:\n${shown}${failed}`
}
