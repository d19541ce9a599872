// Turns the declarations of a Go package into fact lines; packages/api/src/facts/README.md describes them.

import {
  type GoField,
  type GoNamed,
  type GoPackage,
  type GoStruct,
  type Markers,
  marker,
} from './go-source.ts'
import type { SourcePackage } from './packages.ts'

export interface FactFile {
  package: string
  types: Record<string, string[]>
}

export interface LoadedPackage {
  source: SourcePackage
  go: GoPackage
  /** Messages of generated.proto: named slices among them are wrapped messages on the wire. */
  protoMessages: ReadonlySet<string>
}

interface Context {
  /** The package whose source is read. */
  loaded: LoadedPackage
  /** The package whose facts are written: its own types go unqualified. */
  writer: LoadedPackage
  all: ReadonlyMap<string, LoadedPackage>
}

/** Types that the schema compiler knows by itself. */
const BUILT_IN = new Map([
  ['k8s.io/apimachinery/pkg/apis/meta/v1.Time', 'meta.Time'],
  ['k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime', 'meta.MicroTime'],
  ['k8s.io/apimachinery/pkg/apis/meta/v1.Duration', 'meta.Duration'],
  ['k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1', 'meta.FieldsV1'],
  ['k8s.io/apimachinery/pkg/api/resource.Quantity', 'resource.Quantity'],
  ['k8s.io/apimachinery/pkg/util/intstr.IntOrString', 'intstr.IntOrString'],
  ['k8s.io/apimachinery/pkg/runtime.RawExtension', 'runtime.RawExtension'],
  ['k8s.io/apimachinery/pkg/types.UID', 'types.UID'],
  ['k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON', 'apiextensions.JSON'],
])
const GO_TYPES = new Set(['string', 'bool', 'int32', 'int64', 'float64', 'byte', 'interface{}'])
const SKIPPED = new Set(['FieldsV1', 'InternalEvent', 'Timestamp'])

export function factsOf(loaded: LoadedPackage, all: ReadonlyMap<string, LoadedPackage>): FactFile {
  const context: Context = { loaded, writer: loaded, all }
  const types: Record<string, string[]> = {}
  for (const type of loaded.go.types) {
    if (SKIPPED.has(type.name) || type.kind === 'alias') continue
    const lines = type.kind === 'struct' ? structLines(type, context) : namedLines(type, context)
    if (lines !== undefined) types[type.name] = lines
  }
  return { package: loaded.source.definitions, types }
}

function structLines(type: GoStruct, context: Context): string[] | undefined {
  const lines = type.fields.map((field) => fieldLine(field, context))
  if (lines.length === 0 && !context.loaded.protoMessages.has(type.name)) return undefined
  return [structFlags(type.markers), ...lines]
}

function structFlags(markers: Markers): string {
  return marker(markers, 'structType') === 'atomic' ? '@struct atomic' : '@struct'
}

function namedLines(type: GoNamed, context: Context): string[] | undefined {
  const target = resolveStruct(type.target, context)
  if (target !== undefined) {
    const [, ...fields] = structLines(target.struct, { ...context, loaded: target.loaded }) ?? []
    return [structFlags(type.markers), ...fields]
  }
  if (!/^(\[\]|map\[|string$|int32$)/.test(type.target)) return undefined
  const parts = ['@type', resolveType(type.target, context)]
  const { loaded } = context
  if (loaded.protoMessages.has(type.name)) parts.push('message')
  if (marker(type.markers, 'enum') !== undefined) {
    const values = loaded.go.constants.filter((c) => c.type === type.name).map((c) => c.value)
    if (values.length > 0) parts.push(`enum=${JSON.stringify([...new Set(values)].sort())}`)
  }
  return [parts.join(' ')]
}

function fieldLine(field: GoField, context: Context): string {
  const [jsonName = '', ...options] = field.tags.json!.split(',')
  const number = /(?:^|,)(\d+)(?:,|$)/.exec(field.tags.protobuf ?? '')?.[1] ?? '0'
  const type = resolveType(field.type, context)
  if (jsonName === '') return `... ${number} ${type}`
  const omitEmpty = options.includes('omitempty')
  const optional = omitEmpty || marker(field.markers, 'optional') !== undefined
  const flags = `${omitEmpty ? '?' : ''}${optional ? '' : '!'}`
  const parts = [jsonName, number, type]
  if (flags !== '') parts.push(flags)
  parts.push(...mergeFlags(field))
  const given = marker(field.markers, 'default')
  if (given !== undefined) parts.push(`default=${JSON.stringify(defaultValue(given, context.loaded))}`)
  return parts.join(' ')
}

function mergeFlags({ markers, tags }: GoField): string[] {
  const flags: string[] = []
  const listType = marker(markers, 'listType')
  const keys = markers.filter(([name]) => name === 'listMapKey').map(([, value]) => value)
  if (listType !== undefined) flags.push(`list=${listType}${keys.length > 0 ? `:${keys.join(',')}` : ''}`)
  const mapType = marker(markers, 'mapType')
  if (mapType !== undefined) flags.push(`map=${mapType}`)
  const structType = marker(markers, 'structType')
  if (structType !== undefined) flags.push(`struct=${structType}`)
  if (tags.patchStrategy !== undefined) flags.push(`patch=${tags.patchStrategy}`)
  if (tags.patchMergeKey !== undefined) flags.push(`key=${tags.patchMergeKey}`)
  return flags
}

function defaultValue(text: string, loaded: LoadedPackage): unknown {
  const reference = /^ref\((?:.*\.)?(\w+)\)$/.exec(text)
  if (reference === null) return JSON.parse(text)
  const constant = loaded.go.constants.find((c) => c.name === reference[1])
  if (constant === undefined) throw new Error(`${loaded.source.name}: unknown constant in +default=${text}`)
  return constant.value
}

/** Go type text with every name resolved: `[]Container` -> `[]core/v1.Container`. */
function resolveType(text: string, context: Context): string {
  const prefix = /^(\*|\[\]|map\[([\w.]+)\])/.exec(text)
  if (prefix !== null) {
    const rest = resolveType(text.slice(prefix[0].length), context)
    return prefix[2] === undefined ? prefix[0] + rest : `map[${resolveType(prefix[2], context)}]${rest}`
  }
  if (GO_TYPES.has(text)) return text
  const { loaded, writer, all } = context
  const { path, name } = qualify(text, loaded)
  const builtIn = BUILT_IN.get(`${path}.${name}`)
  if (builtIn !== undefined) return builtIn
  const target = all.get(path)
  if (target === undefined)
    throw new Error(`${loaded.source.name}: type ${text} comes from an unknown package`)
  const declared = target.go.types.find((type) => type.name === name)
  if (declared?.kind === 'alias') return resolveType(declared.target, { ...context, loaded: target })
  return target === writer ? name : `${target.source.name}.${name}`
}

function qualify(text: string, loaded: LoadedPackage): { path: string; name: string } {
  const [first = '', second] = text.split('.')
  if (second === undefined) return { path: loaded.source.importPath, name: first }
  return { path: loaded.go.imports[first] ?? first, name: second }
}

function resolveStruct(
  text: string,
  context: Context,
): { struct: GoStruct; loaded: LoadedPackage } | undefined {
  if (!/^[\w.]+$/.test(text)) return undefined
  const { path, name } = qualify(text, context.loaded)
  const target = context.all.get(path)
  const struct = target?.go.types.find((type) => type.name === name)
  return target !== undefined && struct?.kind === 'struct' ? { struct, loaded: target } : undefined
}
