// ControllerRevision: one remembered state of a StatefulSet or DaemonSet.

import { type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { parseApiVersion } from '../../resource.ts'
import { immutable } from '../../validate/immutable.ts'
import { listOf } from '../../validate/json.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const controllerRevision = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  hasStatus: false,
  hasGeneration: false,
  columns: [
    text('Controller', controllerOf),
    {
      name: 'Revision',
      type: 'string',
      description: 'Number of the revision.',
      cell: (object) => String(object['revision'] ?? 0),
    },
    age,
  ],
  setDefaults(object) {
    object['revision'] ??= 0
  },
  validate(object) {
    const errors: FieldError[] = []
    if (object['data'] === undefined || object['data'] === null)
      errors.push(required('data', 'data is mandatory'))
    if (object['revision'] < 0) {
      errors.push(invalid('revision', object['revision'], 'must be greater than or equal to 0'))
    }
    return errors
  },
  validateUpdate: (object, old) => immutable(object['data'], old['data'], 'data'),
})

/** `daemonset.apps/name` of the controlling owner. */
function controllerOf(object: KubeObject): string {
  const owner = listOf(object.metadata.ownerReferences).find((reference) => reference.controller === true)
  if (owner === undefined) return '<none>'
  const { group } = parseApiVersion(owner.apiVersion)
  const kind = group === '' ? owner.kind : `${owner.kind}.${group}`
  return `${kind.toLowerCase()}/${owner.name}`
}
