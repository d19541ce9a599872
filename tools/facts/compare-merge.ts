// Compares the compiled schemas with the structured-merge schema that client-go ships for apply: which lists are sets
// or maps and by what keys, what is atomic, which fields there are.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { definitionNames, schemaFor } from '@brume/api/schema/compile'
import type { ObjectSchema, Schema } from '@brume/api/schema/schema'
import { parse } from 'yaml'
import { sourceFolder } from './debian.ts'

interface MergeType {
  scalar?: string
  namedType?: string
  list?: { elementType: MergeType; elementRelationship: 'atomic' | 'associative'; keys?: string[] }
  map?: { elementType?: MergeType; elementRelationship?: 'atomic' | 'separable'; fields?: MergeField[] }
  elementRelationship?: 'atomic' | 'separable'
}

interface MergeField {
  name: string
  type: MergeType
}

/** One line for each difference in the types that both sides know, and how many those are. */
export function compareMerge(root: string): { compared: number; differences: string[] } {
  const types = readMergeTypes(root)
  const differences: string[] = []
  let compared = 0
  for (const name of definitionNames()) {
    const type = types.get(name)
    if (type?.map?.fields === undefined) continue
    compared++
    differences.push(...compareObject(schemaFor(name), type, types))
  }
  return { compared, differences }
}

function readMergeTypes(root: string): Map<string, MergeType> {
  const folder = sourceFolder(root, 'k8s.io/client-go/applyconfigurations/internal')
  const source = readFileSync(join(folder, 'internal.go'), 'utf8')
  const yaml = source.slice(source.indexOf('types:'), source.lastIndexOf('`'))
  const { types } = parse(yaml) as { types: (MergeType & { name: string })[] }
  return new Map(types.map((type) => [type.name, type]))
}

function compareObject(
  schema: ObjectSchema,
  type: MergeType,
  types: ReadonlyMap<string, MergeType>,
): string[] {
  const differences: string[] = []
  const name = schema.name!
  if (describeGranularity(type.map!.elementRelationship) !== (schema.atomic ? 'atomic' : 'granular')) {
    differences.push(`${name}: ${schema.atomic ? 'is' : 'is not'} atomic here`)
  }
  const theirs = new Map(type.map!.fields!.map((field) => [field.name, field.type]))
  for (const field of schema.fields.values()) {
    const other = theirs.get(field.name)
    if (other === undefined) {
      differences.push(`${name}.${field.name}: only here`)
      continue
    }
    const left = describeSchema(field.schema)
    const right = describeMerge(other, types)
    if (left !== right) differences.push(`${name}.${field.name}: ${left} here, ${right} there`)
  }
  for (const field of theirs.keys()) {
    if (!schema.fields.has(field)) differences.push(`${name}.${field}: only there`)
  }
  return differences
}

function describeSchema(schema: Schema): string {
  if (schema.kind === 'list') {
    if (schema.listType === 'map') return `list by ${schema.listKeys?.join(',')}`
    return schema.listType
  }
  if (schema.kind === 'map') return schema.atomic ? 'atomic map' : 'granular map'
  if (schema.kind === 'object') return schema.atomic ? 'atomic object' : 'granular object'
  return 'leaf'
}

function describeMerge(type: MergeType, types: ReadonlyMap<string, MergeType>): string {
  if (type.list !== undefined) {
    if (type.list.elementRelationship === 'atomic') return 'atomic'
    return type.list.keys === undefined ? 'set' : `list by ${type.list.keys.join(',')}`
  }
  if (type.map !== undefined) return `${describeGranularity(type.map.elementRelationship)} map`
  const named = type.namedType === undefined ? undefined : types.get(type.namedType)
  if (named?.map?.fields === undefined) return 'leaf'
  return `${describeGranularity(type.elementRelationship ?? named.map.elementRelationship)} object`
}

function describeGranularity(relationship: string | undefined): string {
  return relationship === 'atomic' ? 'atomic' : 'granular'
}
