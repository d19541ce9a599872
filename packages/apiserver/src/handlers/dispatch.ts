// From a request that may be made to the handler of its resource, subresource and verb.

import type { ResourceDefinition, Verb } from '@brume/api/resource'
import { StatusError } from '@brume/base/errors'
import type { AuditTrail } from '../audit/trail.ts'
import type { UserInfo } from '../auth/types.ts'
import type { ApiRequest, ApiResponse } from '../http/types.ts'
import { type ResourceRequest, selectedName } from '../request/info.ts'
import { createBinding } from '../subresources/binding.ts'
import { type Handler, subresourceOf } from '../subresources/table.ts'
import { handleComputedGet, handleComputedList } from './computed.ts'
import type { ComputedResource, RequestContext, ServerParts } from './context.ts'
import { handleCreate } from './create.ts'
import { handleDelete } from './delete.ts'
import { handleDeleteCollection } from './delete-collection.ts'
import { handleGet } from './get.ts'
import { handleList } from './list.ts'
import { handlePatch } from './patch.ts'
import { acceptOf, acceptPlain, acceptScale } from './respond.ts'
import { reviewHandler } from './review.ts'
import { handleUpdate } from './update.ts'
import { handleWatch } from './watch.ts'

const VERBS: Record<Verb, Handler> = {
  get: handleGet,
  list: handleList,
  watch: handleWatch,
  create: handleCreate,
  update: handleUpdate,
  patch: handlePatch,
  delete: handleDelete,
  deletecollection: handleDeleteCollection,
}

/** Subresources whose bodies are of another kind. */
const OTHER_BODIES: Readonly<Record<string, typeof acceptPlain>> = { scale: acceptScale, token: acceptPlain }

/** Their answers are bytes, whatever the client accepts. */
const STREAMS: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

const MAX_WARNINGS = 20
const MAX_WARNING_LENGTH = 512

export async function dispatch(
  parts: ServerParts,
  {
    request,
    info,
    user,
    audit,
  }: { request: ApiRequest; info: ResourceRequest; user: UserInfo; audit?: AuditTrail | undefined },
): Promise<ApiResponse> {
  const definition = parts.registry.lookup(info.group, info.version, info.resource)
  if (definition === undefined) throw notServed()
  const context: RequestContext = {
    parts,
    request,
    info: normalize(definition, { info, request }),
    definition,
    user,
    audit,
    warnings: definition.deprecation === undefined ? [] : [definition.deprecation],
  }
  const handler = handlerOf(context)
  if (handler === undefined) throw methodNotAllowed(context)
  // Nothing is written for a client that could not be answered.
  if (Object.hasOwn(OTHER_BODIES, info.subresource)) OTHER_BODIES[info.subresource]!(context)
  else if (request.method !== 'GET' && !STREAMS.has(info.subresource)) acceptOf(context)
  const response = await handler(context)
  addWarnings(response, context.warnings)
  return response
}

/**
 * A namespace is authorized as itself (`namespaces/x` in the namespace x), but stored without one. No other resource
 * without namespaces is reached through one, or rights in one namespace would reach them all; nor is a single object
 * reached without its namespace.
 */
function normalize(
  definition: ResourceDefinition,
  { info, request }: { info: ResourceRequest; request: ApiRequest },
): ResourceRequest {
  const { namespace, name, verb } = info
  if (definition.namespaced) {
    const named = name !== '' && !(isCollection(verb) && name === selectedName(request.query))
    if (namespace === '' && (named || info.subresource !== '')) throw notServed()
    return info
  }
  if (namespace === '') return info
  if (definition.plural !== 'namespaces' || namespace !== name) throw notServed()
  return { ...info, namespace: '' }
}

const isCollection = (verb: string) => verb === 'list' || verb === 'watch'

function handlerOf(context: RequestContext): Handler | undefined {
  const { definition, info, parts } = context
  if (info.subresource !== '') {
    const subresource = subresourceOf(context)
    if (subresource === undefined) throw notServed()
    return Object.hasOwn(subresource, info.verb) ? subresource[info.verb] : undefined
  }
  if (definition.namespaced && info.namespace === '' && !['list', 'watch'].includes(info.verb))
    return undefined
  const review = parts.review(`${definition.group}/${definition.kind}`)
  if (review !== undefined) return info.verb === 'create' ? reviewHandler(review) : undefined
  if (!(definition.verbs as readonly string[]).includes(info.verb)) return undefined
  const computed = parts.computed?.(`${definition.group}/${definition.plural}`)
  if (computed !== undefined) return computedHandler(info.verb, computed)
  if (definition.group === '' && definition.plural === 'bindings') return createBinding
  if (info.name !== '' && info.verb === 'create') return undefined
  if (info.name === '' && ['update', 'patch'].includes(info.verb)) return undefined
  return VERBS[info.verb as Verb]
}

function computedHandler(verb: string, computed: ComputedResource): Handler {
  const handle = verb === 'list' ? handleComputedList : handleComputedGet
  return (context) => handle(context, computed)
}

export function notServed(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource')
}

function methodNotAllowed({ definition, info }: RequestContext): StatusError {
  const { group, plural } = definition
  return new StatusError(
    'MethodNotAllowed',
    `${info.verb} is not supported on resources of kind "${group === '' ? plural : `${plural}.${group}`}"`,
    { ...(group === '' ? {} : { group }), kind: plural },
  )
}

/** RFC 7234 warnings as Kubernetes sends them: code 299, agent "-", each text once. */
function addWarnings(response: ApiResponse, warnings: readonly string[]): void {
  const texts = [...new Set(warnings)].slice(0, MAX_WARNINGS)
  if (texts.length > 0) response.headers['warning'] = texts.map((text) => `299 - "${quotable(text)}"`)
}

function quotable(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]/g, (c) => (c === '\n' || c === '\t' ? ' ' : '?'))
  return clean.slice(0, MAX_WARNING_LENGTH).replace(/[\\"]/g, '\\$&')
}
