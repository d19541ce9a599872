// The operations on a kind, by path.

import { apiVersionOf, type ResourceDefinition, type Verb } from '@brume/api/resource'
import { listTypeName, typeNameOfKind } from './components.ts'
import { type Content, type Operation, operationJson } from './operation.ts'
import { pathParameters } from './parameters.ts'
import { type Dialect, type Json, PATCH_TYPE } from './schema-json.ts'

const STATUS = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status'
const DELETE_OPTIONS = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'
const METHODS: Readonly<Record<string, string>> = {
  get: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
}

/** Path -> path item. */
export function pathsOf(definition: ResourceDefinition, dialect: Dialect): Record<string, Json> {
  const { group, version, plural, namespaced, kind } = definition
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const scope = namespaced ? `${root}/namespaces/{namespace}` : root
  const paths: Record<string, Json> = {}
  const put = (path: string, operations: Record<string, Operation>) => {
    const entries = Object.entries(operations)
    if (entries.length === 0) return
    paths[path] = {
      ...Object.fromEntries(
        entries.map(([method, operation]) => [method, operationJson(operation, dialect)]),
      ),
      parameters: pathParameters(path, kind, dialect),
    }
  }
  put(`${scope}/${plural}`, collectionOperations(definition))
  put(`${scope}/${plural}/{name}`, objectOperations(definition))
  if (namespaced && definition.verbs.includes('list')) {
    put(`${root}/${plural}`, { get: listOperation(definition, true) })
  }
  for (const sub of subresourcesOf(definition)) {
    put(`${scope}/${plural}/{name}/${sub.name}`, subresourceOperations(definition, sub))
  }
  return paths
}

function collectionOperations(definition: ResourceDefinition): Record<string, Operation> {
  const operations: Record<string, Operation> = {}
  const has = (verb: Verb) => definition.verbs.includes(verb)
  const own = definition.schema.name!
  if (has('list')) operations['get'] = listOperation(definition, false)
  if (has('create'))
    operations['post'] = {
      ...base(definition, 'post', 'create'),
      body: typed(own),
      returns: own,
      created: true,
    }
  if (has('deletecollection')) {
    const delete_ = base(definition, 'deletecollection', 'delete', { collection: true })
    operations['delete'] = { ...delete_, body: typed(DELETE_OPTIONS), returns: STATUS }
  }
  return operations
}

function objectOperations(definition: ResourceDefinition): Record<string, Operation> {
  const operations: Record<string, Operation> = {}
  const has = (verb: Verb) => definition.verbs.includes(verb)
  const own = definition.schema.name!
  if (has('get')) operations['get'] = { ...base(definition, 'get', 'read'), returns: own }
  if (has('update')) {
    operations['put'] = {
      ...base(definition, 'put', 'replace'),
      body: typed(own),
      returns: own,
      created: true,
    }
  }
  if (has('patch')) operations['patch'] = patchOperation(definition, base(definition, 'patch', 'patch'), own)
  if (has('delete')) {
    operations['delete'] = {
      ...base(definition, 'delete', 'delete'),
      body: typed(DELETE_OPTIONS),
      returns: STATUS,
    }
  }
  return operations
}

function listOperation(definition: ResourceDefinition, allNamespaces: boolean): Operation {
  return { ...base(definition, 'list', 'list', { allNamespaces }), returns: listTypeName(definition) }
}

function patchOperation(definition: ResourceDefinition, operation: Operation, returns: string): Operation {
  const types = ['application/json-patch+json', 'application/merge-patch+json']
  if (definition.custom !== true) types.push('application/strategic-merge-patch+json')
  types.push('application/apply-patch+yaml')
  return { ...operation, body: { type: PATCH_TYPE, mediaTypes: types }, returns, created: true }
}

interface Sub {
  name: string
  group: string
  version: string
  kind: string
  verbs: readonly string[]
  /** OpenAPI name of what it carries; undefined for streams. */
  type: string | undefined
}

function subresourcesOf(definition: ResourceDefinition): Sub[] {
  const { group, version, kind } = definition
  const verbs = ['get', 'patch', 'update']
  const subs: Sub[] = definition.subresources.map((sub) => {
    const of = { group, version, ...sub }
    const type = sub.kind === kind ? definition.schema.name! : typeNameOfKind(of)
    return { ...of, type: isText(sub) ? undefined : type }
  })
  if (definition.hasStatus)
    subs.push({ name: 'status', group, version, kind, verbs, type: definition.schema.name! })
  if (definition.scale !== undefined) {
    const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
    subs.push({ name: 'scale', ...scale, verbs, type: typeNameOfKind(scale) })
  }
  return subs
}

/** Streams and logs carry no objects. */
function isText({ name, kind }: { name: string; kind: string }): boolean {
  return name === 'log' || kind.endsWith('Options')
}

function subresourceOperations(definition: ResourceDefinition, sub: Sub): Record<string, Operation> {
  const operations: Record<string, Operation> = {}
  const actions: Readonly<Record<string, [string, string]>> = {
    get: ['get', 'read'],
    create: ['post', 'create'],
    update: ['put', 'replace'],
    patch: ['patch', 'patch'],
    delete: ['delete', 'delete'],
  }
  for (const verb of sub.verbs) {
    const method = METHODS[verb]
    const [action, word] = actions[verb] ?? []
    if (method === undefined || action === undefined || word === undefined) continue
    const kind = { group: sub.group, version: sub.version, kind: sub.kind }
    if (sub.type === undefined) {
      const operation = base(definition, 'connect', `connect${capital(method)}`, { subresource: sub.name })
      operations[method] = { ...operation, kind }
      continue
    }
    const operation = { ...base(definition, action, word, { subresource: sub.name }), kind }
    if (verb === 'patch') operations[method] = patchOperation(definition, operation, sub.type)
    else if (verb === 'get') operations[method] = { ...operation, returns: sub.type }
    else operations[method] = { ...operation, body: typed(sub.type), returns: sub.type, created: true }
  }
  return operations
}

function typed(type: string): Content {
  return { type, mediaTypes: ['*/*'] }
}

function base(
  definition: ResourceDefinition,
  action: string,
  word: string,
  of: { collection?: boolean; allNamespaces?: boolean; subresource?: string } = {},
): Operation {
  const { group, version, kind, namespaced } = definition
  const subject = of.subresource === undefined ? `a ${kind}` : `the ${of.subresource} of a ${kind}`
  const many = action === 'list' || of.collection === true
  const id = [
    word,
    groupWord(group),
    capital(version),
    of.collection === true ? 'Collection' : '',
    namespaced && of.allNamespaces !== true ? 'Namespaced' : '',
    kind,
    of.subresource === undefined ? '' : capital(of.subresource),
    of.allNamespaces === true ? 'ForAllNamespaces' : '',
  ]
  return {
    id: id.join(''),
    tag: apiVersionOf(groupTag(group), version).replace('/', '_'),
    action,
    summary: `${word} ${many ? `${definition.plural}` : subject}`,
    kind: { group, version, kind },
    custom: definition.custom === true,
  }
}

/** `rbac.authorization.k8s.io` -> `RbacAuthorization`. */
function groupWord(group: string): string {
  return groupTag(group).split(/[._]/).map(capital).join('')
}

function groupTag(group: string): string {
  return group === '' ? 'core' : group.replace(/\.k8s\.io$/, '').replaceAll('.', '_')
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
