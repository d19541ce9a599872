// A custom resource's schema may have become atomic where a manager owns the fields within: it then owns the whole.

import type { ObjectSchema, Schema } from '@brume/api/schema/schema'
import { type FieldNode, type FieldSet, isEmpty, MEMBER } from './field-set.ts'
import { type MergeType, memberType, mergeTypeOf } from './merge-type.ts'

/** The set itself where it fits the schema. Built-in kinds are taken as they are: their schemas do not change. */
export function reconcileWithSchema(set: FieldSet, schema: ObjectSchema): FieldSet {
  return schema.goType === undefined ? reconcile(set, mergeTypeOf(schema)) : set
}

function reconcile(node: FieldSet, type: MergeType): FieldSet {
  if (type.kind === 'leaf') return isContainer(type.schema) ? MEMBER : node
  let result: FieldNode | undefined
  for (const element in node) {
    const child = node[element]!
    if (isEmpty(child)) continue
    const childType = memberType(type, element)
    if (childType === undefined) continue
    const reconciled = reconcile(child, childType)
    if (reconciled === child) continue
    result ??= { ...node }
    result[element] = reconciled
  }
  return result ?? node
}

function isContainer(schema: Schema | undefined): boolean {
  return schema !== undefined && schema.kind !== 'scalar' && schema.kind !== 'any'
}
