// Authorizers in order: the first that allows or denies decides; the reasons of those without an opinion are kept.

import type { Authorizer } from '../types.ts'

export const SUPERUSERS = 'system:masters'

/** Members of system:masters may do everything, whatever the roles say: the way back in. */
export const superuserAuthorizer: Authorizer = {
  authorize({ user }) {
    if (user.groups.includes(SUPERUSERS)) return { allowed: true, reason: '' }
    return { allowed: false, denied: false, reason: '' }
  },
}

export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    authorize(attributes) {
      let reason = ''
      for (const authorizer of authorizers) {
        const decision = authorizer.authorize(attributes)
        if (decision.allowed || decision.denied) return decision
        if (decision.reason !== '') reason += reason === '' ? decision.reason : `\n${decision.reason}`
      }
      return { allowed: false, denied: false, reason }
    },
  }
}
