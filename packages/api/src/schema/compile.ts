// Compiles the fact lines of a built-in type into its ObjectSchema: on first use, once, recursive types included.

import { assert } from '@brume/base/assert'
import { type FactPackage, factPackage, factPackageNames, packageOfDefinitions } from '../facts/facts.ts'
import { embedFields, type FactLine, parseFactLine } from './fact-line.ts'
import type {
  AnySchema,
  FieldSchema,
  ListSchema,
  MapSchema,
  ObjectSchema,
  ScalarSchema,
  ScalarType,
  Schema,
} from './schema.ts'

const GO_SCALARS: Readonly<Record<string, ScalarType>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'int32',
  int64: 'int64',
  float64: 'number',
  '[]byte': 'bytes',
  'types.UID': 'string',
  'resource.Quantity': 'quantity',
  'intstr.IntOrString': 'intOrString',
  'meta.Time': 'time',
  'meta.MicroTime': 'microTime',
  'meta.Duration': 'duration',
}
const GO_NAMES: Readonly<Record<string, string>> = {
  '[]byte': '[]uint8',
  'meta.Time': 'v1.Time',
  'meta.MicroTime': 'v1.MicroTime',
  'meta.Duration': 'v1.Duration',
  'meta.FieldsV1': 'v1.FieldsV1',
  'apiextensions.JSON': 'v1.JSON',
}
const ANY: Readonly<Record<string, Schema>> = {
  'interface{}': { kind: 'any', goType: 'interface {}' },
  'runtime.RawExtension': { kind: 'any', proto: 'rawExtension', goType: 'runtime.RawExtension' },
  'meta.FieldsV1': { kind: 'any', proto: 'fieldsV1', goType: 'v1.FieldsV1' },
  'apiextensions.JSON': { kind: 'any', proto: 'json', goType: 'v1.JSON' },
}

const compiled = new Map<string, ObjectSchema>()

/** The schema of a definition such as `io.k8s.api.apps.v1.Deployment`; asserts that there is one. */
export function schemaFor(typeName: string): ObjectSchema {
  const known = compiled.get(typeName)
  if (known !== undefined) return known
  const dot = typeName.lastIndexOf('.')
  const name = packageOfDefinitions(typeName.slice(0, dot))
  return compileObject(name, typeName.slice(dot + 1))
}

/** Every definition that schemaFor knows, sorted. */
export function definitionNames(): string[] {
  const names: string[] = []
  for (const name of factPackageNames()) {
    const facts = factPackage(name)!
    for (const [type, lines] of Object.entries(facts.types)) {
      if (lines[0]!.startsWith('@struct')) names.push(`${facts.package}.${type}`)
    }
  }
  return names.sort()
}

function compileObject(packageName: string, type: string): ObjectSchema {
  const facts = packageOf(packageName)
  const name = `${facts.package}.${type}`
  const known = compiled.get(name)
  if (known !== undefined) return known
  const lines = facts.types[type]
  assert(lines !== undefined && lines[0]!.startsWith('@struct'), `no facts for ${name}`)
  const fields = new Map<string, FieldSchema>()
  const schema: ObjectSchema = { kind: 'object', name, goType: goName(packageName, type), fields }
  if (lines[0] === '@struct atomic') schema.atomic = true
  compiled.set(name, schema)
  for (const text of lines.slice(1)) {
    const line = parseFactLine(text)
    if (line.name === '...') {
      const [inner, innerType] = splitReference(packageName, line.type)
      embedFields(fields, compileObject(inner, innerType), line.number)
    } else {
      fields.set(line.name, compileField(packageName, line))
    }
  }
  return schema
}

function compileField(packageName: string, line: FactLine): FieldSchema {
  const pointer = line.type.startsWith('*')
  const schema = compileType(packageName, pointer ? line.type.slice(1) : line.type)
  const field: FieldSchema = {
    name: line.name,
    schema: specialize(schema, line),
    number: line.number,
    required: line.required,
  }
  if (line.omitEmpty) field.omitEmpty = true
  if (pointer) field.pointer = true
  if (line.patchStrategy !== undefined) field.patchStrategy = line.patchStrategy
  if (line.patchMergeKey !== undefined) field.patchMergeKey = line.patchMergeKey
  return field
}

/** The field's own markers over its type: list and map types, granularity, default. */
function specialize(schema: Schema, line: FactLine): Schema {
  let result = schema
  if (result.kind === 'list' && line.listType !== undefined) {
    result = { ...result, listType: line.listType }
    if (line.listKeys !== undefined) result.listKeys = line.listKeys
  }
  const granularity = line.structType ?? line.mapType
  if (granularity !== undefined && (result.kind === 'object' || result.kind === 'map')) {
    const atomic = granularity === 'atomic'
    if ((result.atomic ?? false) !== atomic) result = { ...result, atomic }
  }
  return line.default === undefined ? result : { ...result, default: line.default }
}

function compileType(packageName: string, type: string): Schema {
  const any = ANY[type]
  if (any !== undefined) return any
  const scalar = GO_SCALARS[type]
  if (scalar !== undefined) return { kind: 'scalar', scalar, goType: GO_NAMES[type] ?? type }
  if (type.startsWith('[]')) return compileList(packageName, type)
  if (type.startsWith('map[')) return compileMap(packageName, type)
  const [inner, name] = splitReference(packageName, type)
  const header = packageOf(inner).types[name]?.[0]
  assert(header !== undefined, `no facts for ${type} in ${packageName}`)
  if (header.startsWith('@type ')) return compileNamed(inner, name, header)
  return header.startsWith('@union ') ? compileUnion(inner, name, header) : compileObject(inner, name)
}

/** `@union boolean`: a JSON schema or something simpler, as apiextensions has it in three places. */
function compileUnion(packageName: string, name: string, header: string): AnySchema {
  const or = header.slice('@union '.length) as NonNullable<AnySchema['union']>['or']
  const union = { of: () => compileObject(packageName, 'JSONSchemaProps'), or }
  return { kind: 'any', proto: 'union', goType: goName(packageName, name), union }
}

/** `@type string enum=[...]`, `@type []string message`: a named type that is not a struct. */
function compileNamed(packageName: string, name: string, header: string): Schema {
  const [, target = '', message] = header.split(' ', 3)
  const schema = compileType(packageName, target)
  const named = { ...schema, goType: goName(packageName, name) }
  if (named.kind === 'list' && message === 'message') named.wrapped = true
  const values = /enum=(.*)$/.exec(header)?.[1]
  if (values !== undefined) (named as ScalarSchema).enum = JSON.parse(values)
  return named
}

function compileList(packageName: string, type: string): ListSchema {
  const items = compileType(packageName, type.slice(type.startsWith('[]*') ? 3 : 2))
  return { kind: 'list', items, listType: 'atomic', goType: `[]${goTypeOf(items)}` }
}

function compileMap(packageName: string, type: string): MapSchema {
  const close = type.indexOf(']')
  const key = goTypeOf(compileType(packageName, type.slice(4, close)))
  const values = compileType(packageName, type.slice(close + 1))
  return { kind: 'map', values, goType: `map[${key}]${goTypeOf(values)}` }
}

function goTypeOf(schema: Schema): string {
  return schema.goType ?? 'interface {}'
}

/** `core/v1` and `Pod` -> `v1.Pod`. */
function goName(packageName: string, type: string): string {
  return `${packageName.slice(packageName.indexOf('/') + 1)}.${type}`
}

/** `core/v1.Pod` -> its package and name; a bare name is of the package itself. */
function splitReference(packageName: string, reference: string): [packageName: string, type: string] {
  const dot = reference.lastIndexOf('.')
  return dot < 0 ? [packageName, reference] : [reference.slice(0, dot), reference.slice(dot + 1)]
}

function packageOf(name: string): FactPackage {
  const facts = factPackage(name)
  assert(facts !== undefined, `no facts for the package ${name}`)
  return facts
}
