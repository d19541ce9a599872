// Namespaces: their pod security labels can be read, and a stricter level warns of the pods that are there already.

import { type FieldError, invalidObject } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import type { ObjectReader } from '../../registry/reader.ts'
import type { AdmissionRequest } from '../types.ts'
import type { PodTemplate } from './check.ts'
import { compareLevels, formatLevel, type LevelVersion, readPolicy, violations } from './policy.ts'

/** More pods than these are not looked at. */
const MAX_PODS = 3000

/** Throws Invalid for labels that cannot be read, unless they were there before. */
export function checkNamespace(request: AdmissionRequest, namespace: KubeObject, reader: ObjectReader): void {
  if (request.subresource !== '') return
  const name = namespace.metadata.name ?? ''
  const { policy, errors } = readPolicy(namespace.metadata.labels)
  const before = request.operation === 'UPDATE' ? readPolicy(request.oldObject?.metadata.labels) : undefined
  if (errors.length > 0 && textOf(errors) !== textOf(before?.errors ?? [])) {
    throw invalidObject({ group: '', kind: 'Namespace', name }, errors)
  }
  const [enforce, old] = [policy.enforce, before?.policy.enforce]
  if (old === undefined || enforce.level === 'privileged') return
  if (enforce.minor === old.minor && compareLevels(enforce.level, old.level) <= 0) return
  for (const text of warningsFor(name, reader.list('', 'pods', name), enforce)) request.warn(text)
}

function warningsFor(namespace: string, all: readonly KubeObject[], level: LevelVersion): string[] {
  const pods = all.slice(0, MAX_PODS)
  /** Reasons -> names of the pods. */
  const byReasons = new Map<string, string[]>()
  for (const pod of pods) {
    const reasons = violations(pod as KubeObject & PodTemplate, level)
      .map(({ reason }) => reason)
      .join(', ')
    if (reasons !== '') byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), pod.metadata.name ?? ''])
  }
  const warnings: string[] = []
  if (pods.length < all.length) {
    warnings.push(
      `new PodSecurity enforce level only checked against the first ${pods.length} of ${all.length} existing pods`,
    )
  }
  if (byReasons.size === 0) return warnings
  const which = JSON.stringify(formatLevel(level))
  warnings.push(
    `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${which}`,
  )
  return [...warnings, ...[...byReasons].map(([reasons, names]) => `${shown(names)}: ${reasons}`).sort()]
}

/** `a`, `a (and 1 other pod)`, `a (and 2 other pods)` */
function shown(names: readonly string[]): string {
  const [first = ''] = [...names].sort()
  if (names.length === 1) return first
  return `${first} (and ${names.length - 1} other ${names.length === 2 ? 'pod' : 'pods'})`
}

function textOf(errors: readonly FieldError[]): string {
  return errors.map(({ field, message }) => `${field}: ${message}`).join()
}
