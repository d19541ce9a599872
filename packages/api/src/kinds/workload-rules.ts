// Rules that every workload with a pod template shares: its selector, its template, counts in its status, warnings.

import { type FieldError, forbiddenField, invalid, required } from '../field-error.ts'
import type { KubeObject } from '../object.ts'
import { fromStructured } from '../selectors/structured.ts'
import { invalidAs, nonnegative, unsupported } from '../validate/fields.ts'
import { goLabelSelector, goMap } from '../validate/go-text.ts'
import { IMMUTABLE_MESSAGE, semanticEqual } from '../validate/immutable.ts'
import type { Json } from '../validate/json.ts'
import { isEmptySelector, validateLabelSelector } from '../validate/labels.ts'
import { isDNS1123Label } from '../validate/names.ts'
import { validatePodTemplate } from './core/pod/template.ts'
import { podWarnings } from './core/pod/warnings.ts'

/** `spec.selector` is there, is valid, and selects something. `kind` as the message names it. */
export function validateSelector(spec: Json, kind: string): FieldError[] {
  const field = 'spec.selector'
  if (!spec.selector) return [required(field)]
  const errors = validateLabelSelector(spec.selector, field)
  if (isEmptySelector(spec.selector)) {
    errors.push(invalidAs(field, goLabelSelector(spec.selector), `empty selector is invalid for ${kind}`))
  }
  return errors
}

/** The pods that the template makes must be found by the selector. An invalid selector is reported elsewhere. */
export function validateSelected(
  selector: Json,
  labels: Json,
  field = 'spec.template.metadata.labels',
): FieldError[] {
  if (validateLabelSelector(selector, '').length > 0) return []
  if (fromStructured(selector).matches(labels)) return []
  return [invalidAs(field, goMap(labels), '`selector` does not match template `labels`')]
}

/** Pods that run for ever, without a deadline. */
export function validateLongRunning(template: Json, kind: string): FieldError[] {
  const spec = template?.spec ?? {}
  const errors: FieldError[] = []
  if (spec.restartPolicy !== 'Always') {
    errors.push(unsupported('spec.template.spec.restartPolicy', spec.restartPolicy ?? '', ['Always']))
  }
  if (spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds !== null) {
    const why = `activeDeadlineSeconds in ${kind} is not Supported`
    errors.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', why))
  }
  return errors
}

/** Template and selector of Deployments and ReplicaSets. */
export function validateReplicaTemplate(spec: Json): FieldError[] {
  const labels = spec.template?.metadata?.labels
  const matches = isEmptySelector(spec.selector) ? [] : validateSelected(spec.selector, labels)
  return [
    ...matches,
    ...validatePodTemplate(spec.template, 'spec.template'),
    ...validateLongRunning(spec.template, 'ReplicaSet'),
  ]
}

export function validateSelectorUnchanged(object: KubeObject, old: KubeObject): FieldError[] {
  const selector = object['spec']?.selector
  if (semanticEqual(selector, old['spec']?.selector)) return []
  return [invalidAs('spec.selector', goLabelSelector(selector), IMMUTABLE_MESSAGE)]
}

/**
 * Counts in `status`: none negative, the `bounded` ones not above `replicas`, available not above ready. `ready` is
 * what the message calls that.
 */
export function validateCounts(
  status: Json,
  counts: readonly string[],
  bounded: readonly string[],
  ready = 'readyReplicas',
): FieldError[] {
  const errors = counts.flatMap((name) => nonnegative(status?.[name], `status.${name}`))
  const of = (name: string): number => status?.[name] ?? 0
  for (const name of bounded) {
    if (of(name) <= of('replicas')) continue
    errors.push(invalid(`status.${name}`, of(name), 'cannot be greater than status.replicas'))
  }
  if (bounded.includes('availableReplicas') && of('availableReplicas') > of('readyReplicas')) {
    const why = `cannot be greater than ${ready}`
    errors.push(invalid('status.availableReplicas', of('availableReplicas'), why))
  }
  return errors
}

/** The number of hash collisions only grows. */
export function validateCollisionCount(object: KubeObject, old: KubeObject): FieldError[] {
  const now = object['status']?.collisionCount ?? 0
  if (now >= (old['status']?.collisionCount ?? 0)) return []
  return [invalid('status.collisionCount', now, 'cannot be decremented')]
}

/** Of the template, and of a name that hostnames are made of. Updates warn only when the template changed. */
export function workloadWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const template = object['spec']?.template
  const warnings: string[] = []
  if (old === undefined) warnings.push(...hostnameWarnings(object.metadata.name ?? ''))
  else if (semanticEqual(template, old['spec']?.template)) return warnings
  return warnings.concat(podWarnings(template?.spec, template?.metadata, 'spec.template.'))
}

function hostnameWarnings(name: string): string[] {
  const wrong = isDNS1123Label(name)
  if (wrong.length === 0) return []
  const why = 'this is used in Pod names and hostnames, which can result in surprising behavior'
  return [`metadata.name: ${why}; a DNS label is recommended: [${wrong.join(' ')}]`]
}
