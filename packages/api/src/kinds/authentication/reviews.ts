// Questions about who somebody is. They are answered by the API server and never stored.

import { createdAt } from '../cells.ts'
import { defineKind } from '../define.ts'

export const tokenReview = defineKind({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  verbs: ['create'],
  hasGeneration: false,
  hasStatus: false,
  stored: false,
  columns: [createdAt],
})

export const selfSubjectReview = defineKind({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  verbs: ['create'],
  hasGeneration: false,
  hasStatus: false,
  stored: false,
  columns: [createdAt],
})
