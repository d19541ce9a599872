// SelfSubjectReview (`kubectl auth whoami`) and SelfSubjectRulesReview (`kubectl auth can-i --list`).

import { badRequest } from '@brume/base/errors'
import { nodeNameOf } from '../authorizers/node-identity.ts'
import { rulesFor } from '../authorizers/rules-for.ts'
import type { ReviewHandler } from './types.ts'
import { userStatus } from './user-status.ts'

export const selfSubjectReview: ReviewHandler = ({ object, user }) => ({
  ...object,
  status: { userInfo: userStatus(user) },
})

export const selfSubjectRulesReview: ReviewHandler = ({ object, user }, { rbac }) => {
  const namespace = String(object['spec']?.namespace ?? '')
  if (namespace === '') throw badRequest('no namespace on request')
  const { rules, errors } = rulesFor(user, namespace, rbac)
  if (nodeNameOf(user) !== undefined) errors.push('node authorizer does not support user rule resolution')
  const resourceRules = rules
    .filter((rule) => (rule.resources ?? []).length > 0)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs: [...(verbs ?? [])],
      apiGroups: [...(apiGroups ?? [])],
      resources: [...(resources ?? [])],
      ...(resourceNames === undefined || resourceNames.length === 0
        ? {}
        : { resourceNames: [...resourceNames] }),
    }))
  const nonResourceRules = rules
    .filter((rule) => (rule.nonResourceURLs ?? []).length > 0)
    .map(({ verbs, nonResourceURLs }) => ({
      verbs: [...(verbs ?? [])],
      nonResourceURLs: [...(nonResourceURLs ?? [])],
    }))
  const evaluationError = errors.length === 0 ? {} : { evaluationError: errors.join(', ') }
  const status = { resourceRules, nonResourceRules, incomplete: errors.length > 0, ...evaluationError }
  return { ...object, status }
}
