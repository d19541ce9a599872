// CSINode: the CSI drivers that are installed on a node.

import { duplicate, type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named, nonnegative } from '../../validate/fields.ts'
import { IMMUTABLE_MESSAGE, semanticEqual } from '../../validate/immutable.ts'
import { byteLength, type Json, listOf } from '../../validate/json.ts'
import { isQualifiedName } from '../../validate/names.ts'
import { integer, size } from '../cells.ts'
import { age } from '../columns.ts'
import { validateCsiDriverName } from '../core/pod/volume-sources.ts'
import { defineKind } from '../define.ts'

export const csiNode = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  columns: [integer('Drivers', (object) => size(object.spec?.drivers)), age],
  validate: validateCSINode,
  validateUpdate: validateDriversStay,
})

const MAX_NODE_ID_BYTES = 256

function validateCSINode(object: KubeObject): FieldError[] {
  const names = new Set<string>()
  return listOf(object.spec?.drivers).flatMap((driver, i) => {
    const field = `spec.drivers[${i}]`
    const errors = validateDriver(driver, field)
    if (names.has(driver.name)) errors.push(duplicate(`${field}.name`, driver.name))
    names.add(driver.name)
    return errors
  })
}

function validateDriver(driver: Json, field: string): FieldError[] {
  const errors = validateCsiDriverName(driver.name ?? '', `${field}.name`)
  if (!driver.nodeID) errors.push(required(`${field}.nodeID`))
  else if (byteLength(driver.nodeID) > MAX_NODE_ID_BYTES) {
    errors.push(invalid(`${field}.nodeID`, driver.nodeID, `must be ${MAX_NODE_ID_BYTES} characters or less`))
  }
  errors.push(...nonnegative(driver.allocatable?.count, `${field}.allocatable.count`))
  const keys: string[] = listOf(driver.topologyKeys)
  for (const [i, key] of keys.entries()) {
    if (keys.indexOf(key) < i) errors.push(duplicate(`${field}.topologyKeys`, key))
    errors.push(...named(`${field}.topologyKeys`, key, isQualifiedName))
  }
  return errors
}

/** A driver comes and goes as a whole; the one that is there does not change. */
function validateDriversStay(object: KubeObject, old: KubeObject): FieldError[] {
  return listOf(old.spec?.drivers).flatMap((before) => {
    const i = listOf(object.spec?.drivers).findIndex(({ name }) => name === before.name)
    const driver = object.spec?.drivers?.[i]
    if (i < 0 || semanticEqual(driver, before)) return []
    return [invalid('CSINodeDriver', driver, IMMUTABLE_MESSAGE)]
  })
}
