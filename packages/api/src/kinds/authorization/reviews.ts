// Questions about what somebody may do. They are answered by the API server and never stored.

import { createdAt } from '../cells.ts'
import { defineKind, type KindSource } from '../define.ts'
import { validateLocalReview, validateSelfReview, validateSubjectReview } from './review-rules.ts'

/** What all four have in common. */
const review = {
  group: 'authorization.k8s.io',
  version: 'v1',
  verbs: ['create'],
  hasGeneration: false,
  hasStatus: false,
  stored: false,
  columns: [createdAt],
} satisfies Partial<KindSource>

export const subjectAccessReview = defineKind({
  ...review,
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  validate: validateSubjectReview,
})

export const localSubjectAccessReview = defineKind({
  ...review,
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  validate: validateLocalReview,
})

export const selfSubjectAccessReview = defineKind({
  ...review,
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  validate: validateSelfReview,
})

export const selfSubjectRulesReview = defineKind({
  ...review,
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
})
