// SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview: may someone do something?

import { type FieldError, invalid, invalidObject } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import { badRequest } from '@brume/base/errors'
import type { Attributes, UserInfo } from '../types.ts'
import type { ReviewDeps, ReviewHandler } from './types.ts'

interface ReviewSpec {
  user?: string
  uid?: string
  groups?: string[]
  extra?: Record<string, string[]>
  resourceAttributes?: Record<string, string | undefined>
  nonResourceAttributes?: { path?: string; verb?: string }
}

/** Asks for any user, in any namespace. */
export const subjectAccessReview: ReviewHandler = ({ object }, deps) => {
  const spec = specOf(object)
  refuse(object, [...attributesErrors(spec), ...subjectErrors(spec), ...metadataErrors(object)])
  return answer(object, subjectOf(spec), spec, deps)
}

/** Asks for any user in one namespace: the right to create it can be given by a Role. */
export const localSubjectAccessReview: ReviewHandler = ({ object, namespace }, deps) => {
  const spec = specOf(object)
  const asked = spec.resourceAttributes?.['namespace'] ?? ''
  const errors = [...attributesErrors(spec), ...subjectErrors(spec)]
  if (spec.resourceAttributes !== undefined && asked !== (object.metadata.namespace ?? namespace)) {
    errors.push(invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'))
  }
  if (spec.nonResourceAttributes !== undefined) {
    const detail = 'disallowed on this kind of request'
    errors.push(invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, detail))
  }
  refuse(object, errors)
  if (asked !== namespace)
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`)
  return answer(object, subjectOf(spec), spec, deps)
}

/** Asks for the caller: `kubectl auth can-i`. */
export const selfSubjectAccessReview: ReviewHandler = ({ object, user }, deps) => {
  const spec = specOf(object)
  refuse(object, [...attributesErrors(spec), ...metadataErrors(object)])
  return answer(object, user, spec, deps)
}

function answer(
  object: KubeObject,
  user: UserInfo,
  spec: ReviewSpec,
  { authorizer }: ReviewDeps,
): KubeObject {
  const decision = authorizer.authorize(attributesOf(user, spec))
  const status: Record<string, unknown> = { allowed: decision.allowed }
  if (!decision.allowed && decision.denied) status['denied'] = true
  if (decision.reason !== '') status['reason'] = decision.reason
  return { ...object, status }
}

function attributesOf(user: UserInfo, { resourceAttributes, nonResourceAttributes }: ReviewSpec): Attributes {
  if (resourceAttributes === undefined) {
    const { verb = '', path = '' } = nonResourceAttributes ?? {}
    return { resourceRequest: false, user, verb, path }
  }
  const field = (name: string) => resourceAttributes[name] ?? ''
  return {
    resourceRequest: true,
    user,
    verb: field('verb'),
    group: field('group'),
    version: field('version'),
    resource: field('resource'),
    subresource: field('subresource'),
    namespace: field('namespace'),
    name: field('name'),
  }
}

function subjectOf({ user = '', uid, groups = [], extra }: ReviewSpec): UserInfo {
  return {
    name: user,
    groups,
    ...(uid === undefined ? {} : { uid }),
    ...(extra === undefined ? {} : { extra }),
  }
}

function specOf(object: KubeObject): ReviewSpec {
  return (object['spec'] ?? {}) as ReviewSpec
}

function attributesErrors({ resourceAttributes, nonResourceAttributes }: ReviewSpec): FieldError[] {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const detail = 'cannot be specified in combination with resourceAttributes'
    return [invalid('spec.nonResourceAttributes', nonResourceAttributes, detail)]
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    return [invalid('spec.resourceAttributes', null, detail)]
  }
  return []
}

function subjectErrors({ user = '', groups = [] }: ReviewSpec): FieldError[] {
  if (user !== '' || groups.length > 0) return []
  return [invalid('spec.user', user, 'at least one of user or group must be specified')]
}

function metadataErrors({ metadata }: KubeObject): FieldError[] {
  const { managedFields: _, creationTimestamp: __, ...rest } = metadata ?? {}
  const isEmpty = Object.values(rest).every((value) => value === undefined || value === '')
  return isEmpty ? [] : [invalid('metadata', rest, 'must be empty')]
}

function refuse(object: KubeObject, errors: FieldError[]): void {
  if (errors.length === 0) return
  throw invalidObject({ group: 'authorization.k8s.io', kind: object.kind, name: '' }, errors)
}
