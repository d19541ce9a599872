// The selector and labels that the server gives a Job, so that its pods are found and no others.

import { type FieldError, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { fromStructured } from '../../selectors/structured.ts'
import { invalidAs } from '../../validate/fields.ts'
import { goLabelSelector, goMap } from '../../validate/go-text.ts'
import { mapOf } from '../../validate/json.ts'
import { validateLabelSelector } from '../../validate/labels.ts'
import { validateSelected } from '../workload-rules.ts'

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'
const JOB_NAME = 'batch.kubernetes.io/job-name'

/** Labels of the pods: the names of today and those of old. */
function expectedLabels(job: KubeObject): Record<string, string> {
  const uid = job.metadata.uid ?? ''
  const name = job.metadata.name ?? ''
  return { [CONTROLLER_UID]: uid, [JOB_NAME]: name, 'controller-uid': uid, 'job-name': name }
}

/** In place. Labels that the author gave stay: validation says when they conflict. */
export function generateSelector(job: KubeObject): void {
  const { spec } = job
  if (spec.manualSelector === true) return
  spec.template ??= {}
  spec.template.metadata ??= {}
  spec.template.metadata.labels = { ...expectedLabels(job), ...spec.template.metadata.labels }
  spec.selector ??= {}
  const uid = job.metadata.uid ?? ''
  spec.selector.matchLabels = { [CONTROLLER_UID]: uid, ...spec.selector.matchLabels }
}

export function validateJobSelector(job: KubeObject): FieldError[] {
  const { selector, template } = job['spec']
  const errors = validateGenerated(job)
  if (!selector) errors.push(required('spec.selector'))
  else errors.push(...validateLabelSelector(selector, 'spec.selector'))
  return errors.concat(validateSelected(selector, template?.metadata?.labels))
}

function validateGenerated(job: KubeObject): FieldError[] {
  const { spec } = job
  if (spec.manualSelector === true || !spec.selector) return []
  const errors: FieldError[] = []
  if (!job.metadata.uid) errors.push(required('metadata.uid'))
  const expected = expectedLabels(job)
  const labels = mapOf(spec.template?.metadata?.labels)
  for (const [key, value] of Object.entries(expected)) {
    if (labels[key] === value) continue
    const field = `spec.template.metadata.labels[${key}]`
    const must = `must be '${value}'`
    errors.push(labels[key] === undefined ? required(field, must) : invalidAs(field, goMap(labels), must))
  }
  if (
    validateLabelSelector(spec.selector, '').length === 0 &&
    !fromStructured(spec.selector).matches(expected)
  ) {
    errors.push(invalidAs('spec.selector', goLabelSelector(spec.selector), '`selector` not auto-generated'))
  }
  return errors
}
