// Updates and applies that would create an object need the right to create it too, as in Kubernetes.

import { forbiddenFor } from '../auth/authorizers/forbidden.ts'
import type { RequestContext } from './context.ts'

/** Throws Forbidden. */
export function authorizeCreate({ info, parts, user }: RequestContext): void {
  const { group, version, resource, subresource, namespace, name } = info
  const attributes = {
    ...{ resourceRequest: true as const, user, verb: 'create' },
    ...{ group, version, resource, subresource, namespace, name },
  }
  const decision = parts.authorizer.authorize(attributes)
  if (!decision.allowed) throw forbiddenFor(attributes, decision.reason)
}
