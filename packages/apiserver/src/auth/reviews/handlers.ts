// Which kind is answered by what. The key is `group/Kind`; every version of a group is answered alike.

import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from './access-review.ts'
import { selfSubjectReview, selfSubjectRulesReview } from './self-review.ts'
import { tokenRequest } from './token-request.ts'
import { tokenReview } from './token-review.ts'
import type { ReviewHandler } from './types.ts'

export const reviewHandlers: Readonly<Record<string, ReviewHandler>> = {
  'authentication.k8s.io/SelfSubjectReview': selfSubjectReview,
  'authentication.k8s.io/TokenRequest': tokenRequest,
  'authentication.k8s.io/TokenReview': tokenReview,
  'authorization.k8s.io/LocalSubjectAccessReview': localSubjectAccessReview,
  'authorization.k8s.io/SelfSubjectAccessReview': selfSubjectAccessReview,
  'authorization.k8s.io/SelfSubjectRulesReview': selfSubjectRulesReview,
  'authorization.k8s.io/SubjectAccessReview': subjectAccessReview,
}
