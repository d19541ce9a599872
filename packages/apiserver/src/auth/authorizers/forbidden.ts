// The words of a refusal, which tools and people know from Kubernetes.

import { forbidden, StatusError } from '@brume/base/errors'
import type { Attributes } from '../types.ts'

/** 403 for a request that was not allowed; `reason` is the authorizers', '' when they gave none. */
export function forbiddenFor(attributes: Attributes, reason: string): StatusError {
  // Nothing that a browser could take for HTML.
  const what = cannot(attributes).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const why = reason === '' ? what : `${what}: ${reason}`
  if (!attributes.resourceRequest) return new StatusError('Forbidden', `forbidden: ${why}`, {})
  const error = forbidden(attributes, why)
  if (attributes.name !== '') return error
  const { name: _, ...details } = error.details ?? {}
  return new StatusError('Forbidden', error.message, details)
}

function cannot(attributes: Attributes): string {
  const quote = (text: string) => JSON.stringify(text)
  const user = `User ${quote(attributes.user.name)} cannot ${attributes.verb}`
  if (!attributes.resourceRequest) return `${user} path ${quote(attributes.path)}`
  const { group, resource, subresource, namespace } = attributes
  const full = subresource === '' ? resource : `${resource}/${subresource}`
  const what = `${user} resource ${quote(full)} in API group ${quote(group)}`
  return namespace === '' ? `${what} at the cluster scope` : `${what} in the namespace ${quote(namespace)}`
}
