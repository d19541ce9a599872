// The spec of a claim for storage: of a PersistentVolumeClaim, and inside ephemeral volumes and StatefulSets.

import { type FieldError, forbiddenField, invalid, required } from '../../field-error.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { named } from '../../validate/fields.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { validateLabelSelector } from '../../validate/labels.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../validate/names.ts'
import { positiveQuantity } from '../../validate/quantities.ts'

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
export const VOLUME_MODES = ['Block', 'Filesystem']

export function setClaimSpecDefaults(spec: Json): void {
  spec.volumeMode ??= 'Filesystem'
}

/** `dataSource` and `dataSourceRef` say the same, unless the source is in another namespace. */
export function alignDataSources(spec: Json): void {
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource }
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    spec.dataSource = { ...spec.dataSourceRef }
  }
}

export function validateClaimSpec(spec: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (listOf(spec.accessModes).length === 0) {
    errors.push(required(`${field}.accessModes`, 'at least 1 access mode is required'))
  }
  errors.push(...validateLabelSelector(spec.selector, `${field}.selector`))
  errors.push(...validateAccessModes(listOf(spec.accessModes), `${field}.accessModes`))
  const storage = spec.resources?.requests?.storage
  if (storage === undefined) errors.push(required(`${field}.resources[storage]`))
  else errors.push(...positiveQuantity(storage, `${field}.resources[storage]`))
  if (spec.storageClassName) {
    errors.push(...named(`${field}.storageClassName`, spec.storageClassName, isDNS1123Subdomain))
  }
  errors.push(...optionalOneOf(`${field}.volumeMode`, spec.volumeMode, VOLUME_MODES))
  return [...errors, ...validateDataSources(spec, field)]
}

/** ReadWriteOncePod stands alone. */
export function validateAccessModes(modes: string[], field: string): FieldError[] {
  const errors = modes.flatMap((mode) => optionalOneOf(field, mode, ACCESS_MODES))
  const others = modes.filter((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode))
  if (others.length > 0 && modes.includes('ReadWriteOncePod')) {
    errors.push(forbiddenField(field, 'may not use ReadWriteOncePod with other access modes'))
  }
  return errors
}

function validateDataSources(spec: Json, field: string): FieldError[] {
  const { dataSource, dataSourceRef } = spec
  const errors: FieldError[] = []
  if (dataSource) errors.push(...validateSource(dataSource, `${field}.dataSource`))
  if (dataSourceRef) errors.push(...validateSource(dataSourceRef, `${field}.dataSourceRef`))
  if (!dataSource || !dataSourceRef) return errors
  if (dataSourceRef.namespace) {
    const why = 'may not be specified when dataSourceRef.namespace is specified'
    return [...errors, invalid(field, `${field}.dataSource`, why)]
  }
  const isSame = ['apiGroup', 'kind', 'name'].every(
    (key) => (dataSource[key] ?? null) === (dataSourceRef[key] ?? null),
  )
  return isSame ? errors : [...errors, invalid(field, `${field}.dataSource`, 'must match dataSourceRef')]
}

function validateSource(source: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!source.name) errors.push(required(`${field}.name`))
  if (!source.kind) errors.push(required(`${field}.kind`))
  if (source.apiGroup) errors.push(...named(`${field}.apiGroup`, source.apiGroup, isDNS1123Subdomain))
  else if (source.kind !== 'PersistentVolumeClaim') {
    const why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
    errors.push(invalid(field, source.kind ?? '', why))
  }
  if (source.namespace) errors.push(...named(`${field}.namespace`, source.namespace, isDNS1123Label))
  return errors
}
