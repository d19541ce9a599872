// The kinds of authentication.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { selfSubjectReview, tokenReview } from './reviews.ts'
import { tokenRequest } from './token-request.ts'

export const authenticationKinds: KindSource[] = [selfSubjectReview, tokenRequest, tokenReview]
