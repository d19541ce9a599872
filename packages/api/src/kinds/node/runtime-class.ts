// RuntimeClass: which container runtime runs a pod.

import type { FieldError } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named } from '../../validate/fields.ts'
import { immutable } from '../../validate/immutable.ts'
import { mapOf } from '../../validate/json.ts'
import { validateLabels } from '../../validate/labels.ts'
import { isDNS1123Label } from '../../validate/names.ts'
import { nodeLabelMessage } from '../../validate/node-labels.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { validateResources } from '../core/pod/resources.ts'
import { validateTolerations } from '../core/pod/scheduling.ts'
import { defineKind } from '../define.ts'

export const runtimeClass = defineKind({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  allowUnconditionalUpdate: false,
  columns: [text('Handler', (object) => object['handler']), age],
  validate: validateRuntimeClass,
  validateUpdate: (object, old) => immutable(object['handler'], old['handler'], 'handler'),
  warnings: ({ scheduling }) =>
    Object.keys(mapOf(scheduling?.nodeSelector)).flatMap((label) => {
      const message = nodeLabelMessage(label)
      return message ? [`scheduling.nodeSelector: ${message}`] : []
    }),
})

function validateRuntimeClass(object: KubeObject): FieldError[] {
  const errors = named('handler', object['handler'] ?? '', isDNS1123Label)
  const { overhead, scheduling } = object
  if (overhead) errors.push(...validateResources({ limits: overhead.podFixed }, new Set(), 'overhead'))
  if (!scheduling) return errors
  return [
    ...errors,
    ...validateLabels(scheduling.nodeSelector, 'scheduling.nodeSelector'),
    ...validateTolerations(scheduling.tolerations, 'scheduling.tolerations'),
  ]
}
