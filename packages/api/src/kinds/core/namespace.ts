// Namespace: a room for names. Its deletion is finished by a controller, through the finalize subresource.

import { deepClone } from '@brume/base/values'
import { type FieldError, invalid } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named } from '../../validate/fields.ts'
import { listOf } from '../../validate/json.ts'
import { isDNS1123Label, isQualifiedName } from '../../validate/names.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const namespace = defineKind({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  hasGeneration: false,
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  columns: [text('Status', (object) => object.status?.phase), age],
  selectableFields: { 'status.phase': (object) => object.status?.phase ?? '' },
  validateName: isDNS1123Label,
  setDefaults(object) {
    labelWithName(object)
    object.status ??= {}
    object.status.phase ||= 'Active'
  },
  prepareForCreate(object) {
    labelWithName(object)
    object.status = { phase: 'Active' }
    object.spec ??= {}
    const finalizers: string[] = listOf(object.spec.finalizers)
    if (!finalizers.includes(KUBERNETES)) object.spec.finalizers = [...finalizers, KUBERNETES]
  },
  // Finalizers change through the finalize subresource only.
  prepareForUpdate(object, old) {
    if (old.spec === undefined) delete object.spec
    else object.spec = deepClone(old.spec)
  },
  validate: (object) => validateFinalizers(object, () => 'spec.finalizers'),
  validateStatusUpdate: validatePhase,
})

const NAME_LABEL = 'kubernetes.io/metadata.name'
const KUBERNETES = 'kubernetes'
const STANDARD_FINALIZERS = [KUBERNETES, 'orphan', 'foregroundDeletion']

/** For the finalize subresource. */
export function validateNamespaceFinalize(object: KubeObject): FieldError[] {
  return validateFinalizers(object, (i) => `spec.finalizers[${i}]`)
}

/** So that selectors can name a namespace. */
function labelWithName(object: KubeObject): void {
  if (!object.metadata.name) return
  object.metadata.labels = { ...object.metadata.labels, [NAME_LABEL]: object.metadata.name }
}

function validateFinalizers(object: KubeObject, fieldOf: (i: number) => string): FieldError[] {
  return listOf(object.spec?.finalizers).flatMap((name: string, i) => {
    const errors = named(fieldOf(i), name, isQualifiedName)
    if (name.includes('/') || STANDARD_FINALIZERS.includes(name)) return errors
    const why = 'name is neither a standard finalizer name nor is it fully qualified'
    return [...errors, invalid(fieldOf(i), name, why)]
  })
}

function validatePhase(object: KubeObject): FieldError[] {
  const isGoing = Boolean(object.metadata.deletionTimestamp)
  const phase = isGoing ? 'Terminating' : 'Active'
  if (object.status?.phase === phase) return []
  const why = `may only be '${phase}' if \`deletionTimestamp\` is ${isGoing ? 'not ' : ''}empty`
  return [invalid('status.Phase', object.status?.phase ?? '', why)]
}
