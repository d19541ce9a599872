// Random requests: mostly ones that get past the first checks, each with something wrong somewhere.

import { encodeProtobuf } from '@brume/api/codec/protobuf'
import { encodeYaml } from '@brume/api/codec/yaml'
import { builtinResources } from '@brume/api/kinds/builtin'
import type { KubeObject } from '@brume/api/object'
import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import { decodeBuiltin } from '@brume/api/schema/decode'
import type { Schema } from '@brume/api/schema/schema'
import { stringifyJson } from '@brume/base/json'
import { mutateBytes, type SeededRandom } from '@brume/base/seeded-random'
import { deepClone, setOwn } from '@brume/base/values'
import type { Ask } from './session.ts'
import { VALID } from './valid.ts'
import { anyOf, junk, ODD_TEXTS } from './values.ts'

export const NAMESPACE = 'fuzz'
const NAMES = 3

/** What refuses other writes by its mere presence is not written. */
const READ_ONLY_GROUPS = new Set(['admissionregistration.k8s.io', 'apiregistration.k8s.io'])
const READ_ONLY = new Set([
  'resourcequotas',
  'limitranges',
  'namespaces',
  'runtimeclasses',
  'priorityclasses',
])

const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]
const ACCEPTS = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf,application/json',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'text/html',
  '*/*;q=0',
  ';;;,,=',
  '*/*',
]

export interface FuzzRequest extends Ask {
  /** Store key of the object it is about; `*`: it may reach any. */
  target: string
  /** false: a read or a dry run, which must leave everything as it is. */
  mayWrite: boolean
}

const DEFINITIONS = builtinResources()
const COMMON = DEFINITIONS.filter(({ group, plural }) => Object.hasOwn(VALID, `${group}/${plural}`))

export function randomRequest(random: SeededRandom): FuzzRequest {
  const definition = random.below(3) > 0 ? random.pick(COMMON) : random.pick(DEFINITIONS)
  const name = `fz-${random.below(NAMES)}`
  const readOnly = READ_ONLY_GROUPS.has(definition.group) || READ_ONLY.has(definition.plural)
  const method = random.below(40) === 0 ? random.pick(ODD_METHODS) : readOnly ? 'GET' : random.pick(METHODS)
  const collection = method === 'POST' || (method !== 'PUT' && method !== 'PATCH' && random.below(3) === 0)
  const path = pathOf(definition, { name: collection ? undefined : name, random })
  const object = objectOf(definition, name, random)
  const { body, type } =
    method === 'PATCH' ? patchBody(object, random) : bodyOf(definition, object, { method, random })
  const headers: Record<string, string> = {
    accept: random.below(5) === 0 ? random.pick(ACCEPTS) : random.pick(ACCEPTS.slice(0, 4)),
    ...oddHeaders(random),
  }
  if (type !== undefined) headers['content-type'] = type
  const query = queryOf(method, random)
  const isWild = collection && method === 'DELETE'
  return {
    method,
    path: query.size === 0 ? path : `${path}?${query}`,
    headers,
    ...(body === undefined ? {} : { body }),
    target: isWild ? '*' : targetOf(definition, name),
    mayWrite: method !== 'GET' && !query.has('dryRun'),
  }
}

const METHODS = ['GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'PUT', 'PATCH', 'PATCH', 'PATCH', 'DELETE']

const ODD_METHODS = ['HEAD', 'OPTIONS', 'CONSTRUCTOR', 'TRACE', 'get']

function targetOf(definition: ResourceDefinition, name: string): string {
  const { group, plural, namespaced } = definition
  const bucket = group === '' ? plural : `${plural}.${group}`
  return namespaced ? `${bucket}/${NAMESPACE}/${name}` : `${bucket}/${name}`
}

function pathOf(
  definition: ResourceDefinition,
  { name, random }: { name: string | undefined; random: SeededRandom },
): string {
  const { group, version, plural, namespaced } = definition
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const parts = [root, ...(namespaced ? ['namespaces', NAMESPACE] : []), plural]
  if (name !== undefined) {
    parts.push(name)
    if (random.below(6) === 0) {
      parts.push(
        random.pick([...definition.subresources.map((s) => s.name), 'status', 'scale', 'nope', '__proto__']),
      )
    }
  }
  const path = parts.join('/')
  if (random.below(12) > 0) return path
  return oddPath(path, random)
}

function oddPath(path: string, random: SeededRandom): string {
  const odd = encodeURIComponent(random.pick(ODD_TEXTS).toWellFormed())
  const parts = path.split('/')
  parts[1 + random.below(parts.length - 1)] = random.pick([
    odd,
    '..',
    '',
    '%00',
    '%zz',
    '%c0%af',
    '%2e%2e',
    '.',
    '*',
    '%ff',
  ])
  return random.pick([parts.join('/'), `${path}/${odd}`, `/${path}`, `${path}//`, `/watch${path}`, `/${odd}`])
}

const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  resourceVersion: ['', '0', '1', '-1', 'x', '99999999', '18446744073709551616', '1.5'],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'x'],
  limit: ['1', '0', '-1', '500', 'x', '99999999999999999999'],
  continue: ['', 'x', Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"a"}').toString('base64url'), 'e30'],
  dryRun: ['All', 'x', ''],
  fieldManager: ['me', 'x'.repeat(200), '\u0000'],
  fieldValidation: ['Strict', 'Warn', 'Ignore', 'x'],
  force: ['true', 'x'],
  labelSelector: ['a=b', 'a in (b,c)', '!a', 'a notin', '((', 'a==b,', `${'a,'.repeat(2000)}a`, ','],
  fieldSelector: ['metadata.name=fz-1', 'spec.nodeName!=x', 'x=y', '=', 'metadata.name', 'metadata.name=a,b'],
  pretty: ['true', 'false', '0'],
  includeObject: ['None', 'Object', 'x'],
  gracePeriodSeconds: ['0', '-1', 'x', '30'],
  propagationPolicy: ['Foreground', 'Orphan', 'x'],
  orphanDependents: ['true', 'x'],
  timeoutSeconds: ['1', '-1', 'x'],
  __proto__: ['x'],
}

function queryOf(method: string, random: SeededRandom): URLSearchParams {
  const query = new URLSearchParams()
  if (method !== 'GET' && random.below(4) === 0) query.append('dryRun', 'All')
  for (let more = Math.max(0, random.below(6) - 3); more > 0; more--) {
    const name = random.pick(Object.keys(PARAMETERS))
    query.append(name, random.below(8) === 0 ? random.pick(ODD_TEXTS) : random.pick(PARAMETERS[name] ?? ['']))
  }
  if (method === 'PATCH' && random.below(2) === 0) query.append('fieldManager', random.pick(['a', 'b']))
  return query
}

function oddHeaders(random: SeededRandom): Record<string, string> {
  switch (random.below(24)) {
    case 0:
      return { 'impersonate-user': random.pick(['jane', 'system:serviceaccount:x:y', 'system:anonymous']) }
    case 1:
      return {
        'impersonate-user': 'jane',
        'impersonate-group': 'a, system:masters',
        'impersonate-extra-%zz': 'x',
      }
    case 2:
      return { 'user-agent': random.pick(['', '/', 'x'.repeat(500), 'é']) }
    default:
      return {}
  }
}

/** A valid object with one part spoilt, or one of random values throughout. */
function objectOf(
  definition: ResourceDefinition,
  name: string,
  random: SeededRandom,
): Record<string, unknown> {
  const object = contentOf(definition, random)
  object['apiVersion'] = apiVersionOf(definition.group, definition.version)
  object['kind'] = definition.kind
  keepSmall(object['spec'])
  if (random.below(10) > 0) {
    object['metadata'] = {
      name,
      ...(definition.namespaced ? { namespace: NAMESPACE } : {}),
      ...(random.below(3) === 0 ? { labels: { a: 'b' }, annotations: { x: random.pick(ODD_TEXTS) } } : {}),
      ...(random.below(20) === 0 ? { finalizers: ['example.com/x'], generateName: 'fz-' } : {}),
      ...(random.below(20) === 0 ? { managedFields: [junk(random)] } : {}),
    }
  }
  return object
}

/** Thousands of pods are no odd request, only a long one: the controllers would make them all. */
function keepSmall(spec: unknown): void {
  if (typeof spec !== 'object' || spec === null) return
  for (const field of ['replicas', 'parallelism', 'completions']) {
    const amount = (spec as Record<string, unknown>)[field]
    if (typeof amount === 'number' && amount > 2) (spec as Record<string, unknown>)[field] = 2
  }
  keepSmall((spec as { jobTemplate?: { spec?: unknown } }).jobTemplate?.spec)
}

function contentOf(definition: ResourceDefinition, random: SeededRandom): Record<string, unknown> {
  const valid = VALID[`${definition.group}/${definition.plural}`]
  if (valid !== undefined && random.below(3) > 0) {
    const copy = deepClone(valid) as Record<string, unknown>
    if (random.below(3) > 0) spoil(copy, definition.schema, random)
    return copy
  }
  const value = anyOf(definition.schema, random)
  return (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
}

/** Puts a random value somewhere: in a field that is there, or one that the schema knows. */
function spoil(object: Record<string, unknown>, schema: Schema, random: SeededRandom): void {
  const fields = schema.kind === 'object' ? schema.fields : undefined
  const keys = Object.keys(object)
  const key =
    keys.length > 0 && random.below(4) > 0
      ? random.pick(keys)
      : random.pick([...(fields?.keys() ?? ODD_TEXTS)])
  const child = Object.hasOwn(object, key) ? object[key] : undefined
  const field = fields?.get(key)?.schema ?? (schema.kind === 'map' ? schema.values : undefined)
  const within = Array.isArray(child) && child.length > 0 && field?.kind === 'list' ? child[0] : child
  const next = field?.kind === 'list' ? field.items : field
  const isContainer = typeof within === 'object' && within !== null && !Array.isArray(within)
  if (isContainer && next !== undefined && random.below(5) > 0) spoil(within, next, random)
  else setOwn(object, key, field === undefined ? junk(random) : anyOf(field, random))
}

function bodyOf(
  definition: ResourceDefinition,
  object: Record<string, unknown>,
  { method, random }: { method: string; random: SeededRandom },
): { body: Buffer | string | undefined; type: string | undefined } {
  if (method === 'GET' || method === 'HEAD' || (method === 'DELETE' && random.below(2) === 0)) {
    return { body: undefined, type: undefined }
  }
  const value = random.below(20) === 0 ? junk(random) : object
  const [type, bytes] = encoded(definition, value, random)
  const body = random.below(5) === 0 ? mutateBytes(bytes, random) : bytes
  return {
    body,
    type:
      random.below(25) === 0
        ? random.pick(['', 'text/plain', 'application/json; charset=x', 'application/xml'])
        : type,
  }
}

function encoded(definition: ResourceDefinition, value: unknown, random: SeededRandom): [string, Buffer] {
  const form = random.below(6)
  if (form === 0) return ['application/yaml', Buffer.from(encodeYaml(value))]
  if (form === 1) {
    const bytes = protobufOf(definition, value)
    if (bytes !== undefined) return ['application/vnd.kubernetes.protobuf', bytes]
  }
  return ['application/json', Buffer.from(stringifyJson(value))]
}

/** undefined: this value has no protobuf form. */
function protobufOf(definition: ResourceDefinition, value: unknown): Buffer | undefined {
  try {
    return encodeProtobuf(decodeBuiltin(value, definition.schema).value as KubeObject, definition.schema)
  } catch {
    return undefined
  }
}

function patchBody(object: Record<string, unknown>, random: SeededRandom): { body: Buffer; type: string } {
  const type = random.pick(PATCHES)
  const patch =
    type === PATCHES[0]
      ? jsonPatch(random)
      : random.below(8) === 0
        ? junk(random)
        : withDirectives(object, random)
  const bytes = Buffer.from(
    type === PATCHES[3] && random.below(2) === 0 ? encodeYaml(patch) : stringifyJson(patch),
  )
  return {
    body: random.below(6) === 0 ? mutateBytes(bytes, random) : bytes,
    type: random.below(30) === 0 ? 'x/y' : type,
  }
}

function withDirectives(object: Record<string, unknown>, random: SeededRandom): Record<string, unknown> {
  if (random.below(3) > 0) return object
  return {
    ...object,
    spec: {
      ...(object['spec'] as object),
      $patch: random.pick(['replace', 'delete', 'merge', 'x']),
      $retainKeys: random.pick([['a'], 'x', [1]]),
      '$setElementOrder/containers': random.pick([[{ name: 'a' }], ['a'], 1]),
      '$deleteFromPrimitiveList/finalizers': random.pick([['a'], 1]),
    },
  }
}

const POINTERS = [
  '',
  '/',
  '/metadata/name',
  '/metadata/labels',
  '/metadata/labels/a~1b',
  '/spec',
  '/spec/-',
  '/data/x',
  '/__proto__/x',
  '/constructor/prototype/y',
  '/~2',
  'x',
]

function jsonPatch(random: SeededRandom): unknown {
  return Array.from({ length: random.below(5) }, () => ({
    op: random.pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'x']),
    path: random.pick(POINTERS),
    from: random.pick(POINTERS),
    value: junk(random),
  }))
}
