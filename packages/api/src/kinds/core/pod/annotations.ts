// Annotations of pods that have a meaning: mirror pods, deletion cost, and the old forms of security profiles.

import { type FieldError, forbiddenField, invalid } from '../../../field-error.ts'
import type { ObjectMeta } from '../../../object.ts'
import { type Json, mapOf } from '../../../validate/json.ts'
import { validateDescendingPath } from './paths.ts'
import { allContainers } from './windows.ts'

export const MIRROR_POD = 'kubernetes.io/config.mirror'
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'
export const APPARMOR_CONTAINER = 'container.apparmor.security.beta.kubernetes.io/'
const MAX_INT32 = 2147483647

export function validatePodAnnotations(
  annotations: Json,
  spec: Json,
  field = 'metadata.annotations',
): FieldError[] {
  const errors: FieldError[] = []
  const given = mapOf(annotations)
  if (given[MIRROR_POD] !== undefined && !spec.nodeName) {
    const why = 'must set spec.nodeName if mirror pod annotation is set'
    errors.push(invalid(`${field}[${MIRROR_POD}]`, given[MIRROR_POD], why))
  }
  const cost = given[DELETION_COST]
  if (cost !== undefined && !isInt32(cost)) {
    errors.push(invalid(`${field}[${DELETION_COST}]`, cost, 'must be a 32bit integer'))
  }
  for (const [key, value] of Object.entries(given)) {
    if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER)) {
      errors.push(...validateSeccompText(value, `${field}.${key}`))
    } else if (key.startsWith(APPARMOR_CONTAINER)) {
      errors.push(...validateAppArmorText(key, value, spec, field))
    }
  }
  return errors
}

/** The old annotations and the fields say the same, where both are given. */
export function validateProfilesMatch(meta: ObjectMeta | undefined, spec: Json, field: string): FieldError[] {
  const annotations = mapOf(meta?.annotations)
  const errors: FieldError[] = []
  const podSeccomp = spec.securityContext?.seccompProfile
  const podText = annotations[SECCOMP_POD]
  if (podSeccomp && podText !== undefined) {
    const at = `${field}.securityContext.seccompProfile`
    errors.push(...matches(podText, podSeccomp, SECCOMP, at))
  }
  for (const { container, at } of allContainers(spec, field)) {
    const own = container.securityContext?.seccompProfile
    const text = annotations[`${SECCOMP_CONTAINER}${container.name}`]
    if (own && text !== undefined) {
      errors.push(...matches(text, own, SECCOMP, `${at}.securityContext.seccompProfile`))
    }
    if (spec.os?.name === 'windows') continue
    const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
    const old = annotations[`${APPARMOR_CONTAINER}${container.name}`]
    if (profile && old !== undefined) {
      errors.push(...matches(old, profile, APPARMOR, `${at}.securityContext.appArmorProfile`))
    }
  }
  return errors
}

/** Updates may neither add, change nor remove what the node has acted upon already. */
export function validatePodAnnotationUpdates(annotations: Json, old: Json): FieldError[] {
  const errors: FieldError[] = []
  const now = mapOf(annotations)
  const before = mapOf(old)
  const keys = new Set([...Object.keys(before), ...Object.keys(now)])
  for (const key of keys) {
    if (now[key] === before[key]) continue
    const verb = before[key] === undefined ? 'add' : 'remove or update'
    const at = `metadata.annotations[${key}]`
    if (key.startsWith(APPARMOR_CONTAINER)) {
      errors.push(forbiddenField(at, `may not ${verb} AppArmor annotations`))
    } else if (key === MIRROR_POD) {
      errors.push(forbiddenField(at, `may not ${verb} mirror pod annotation`))
    }
  }
  return errors
}

interface ProfileTexts {
  name: string
  profile: string
  runtimeDefault: readonly string[]
}

const SECCOMP: ProfileTexts = {
  name: 'seccomp',
  profile: 'seccomp',
  runtimeDefault: ['runtime/default', 'docker/default'],
}
const APPARMOR: ProfileTexts = { name: 'apparmor', profile: 'apparmor', runtimeDefault: ['runtime/default'] }

function matches(text: string, profile: Json, texts: ProfileTexts, field: string): FieldError[] {
  const wrongType = [forbiddenField(`${field}.type`, `${texts.name} type in annotation and field must match`)]
  switch (profile.type) {
    case 'Unconfined':
      return text === 'unconfined' ? [] : wrongType
    case 'RuntimeDefault':
      return texts.runtimeDefault.includes(text) ? [] : wrongType
    case 'Localhost': {
      if (!text.startsWith('localhost/')) return wrongType
      if (text.slice('localhost/'.length) === profile.localhostProfile) return []
      const why = `${texts.profile} profile in annotation and field must match`
      return [forbiddenField(`${field}.localhostProfile`, why)]
    }
    default:
      return []
  }
}

function validateSeccompText(value: string, field: string): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(value)) return []
  if (value.startsWith('localhost/')) return validateDescendingPath(value.slice('localhost/'.length), field)
  return [invalid(field, value, 'must be a valid seccomp profile')]
}

function validateAppArmorText(key: string, value: string, spec: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const name = key.slice(APPARMOR_CONTAINER.length)
  const known = [...allContainers(spec, '')].some(({ container }) => container.name === name)
  if (!known) errors.push(invalid(`${field}[${key}]`, name, 'container not found'))
  const valid = ['', 'runtime/default', 'unconfined'].includes(value) || value.startsWith('localhost/')
  if (!valid) {
    const why = `invalid AppArmor profile name: ${JSON.stringify(value)}`
    errors.push(invalid(`${field}[${key}]`, value, why))
  }
  return errors
}

function isInt32(text: string): boolean {
  if (!/^(0|[1-9][0-9]{0,9}|-[1-9][0-9]{0,9})$/.test(text)) return false
  return Number(text) <= MAX_INT32 && Number(text) >= -MAX_INT32 - 1
}
