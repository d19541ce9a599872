// What a request's path and method ask for, before anything is looked up.

import { parseFieldSelector } from '@brume/api/selectors/field-selector'
import { SelectorError } from '@brume/api/selectors/requirement'
import type { ApiRequest } from '../http/types.ts'

export interface ResourceRequest {
  resourceRequest: true
  /** get, list, watch, create, update, patch, delete, deletecollection. */
  verb: string
  group: string
  version: string
  namespace: string
  resource: string
  name: string
  subresource: string
  /** Path segments after the subresource (`proxy/a/b`). */
  rest: readonly string[]
}

export interface PathRequest {
  resourceRequest: false
  verb: string
  path: string
}

export type RequestInfo = ResourceRequest | PathRequest

/** Subresources that a client may take a whole connection for. */
const STREAMS = new Set(['attach', 'exec', 'portforward', 'proxy'])

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

/** Follows Kubernetes' request-info rules; a malformed escape makes it a path request, which nobody answers. */
export function parseRequestInfo(request: Pick<ApiRequest, 'method' | 'path' | 'query'>): RequestInfo {
  const pathRequest: PathRequest = {
    resourceRequest: false,
    verb: request.method.toLowerCase(),
    path: request.path,
  }
  let parts: string[]
  try {
    parts = request.path.split('/').filter((part) => part !== '')
    if (request.path.includes('%')) parts = parts.map(decodeURIComponent)
  } catch {
    return pathRequest
  }
  let group: string
  let version: string
  if (parts[0] === 'api' && parts.length >= 3) {
    group = ''
    version = parts[1]!
    parts = parts.slice(2)
  } else if (parts[0] === 'apis' && parts.length >= 4) {
    group = parts[1]!
    version = parts[2]!
    parts = parts.slice(3)
  } else {
    return pathRequest
  }
  const watchPrefix = parts[0] === 'watch' && parts.length > 1
  if (watchPrefix) parts = parts.slice(1)
  let namespace = ''
  if (parts[0] === 'namespaces' && parts.length >= 2) {
    namespace = parts[1]!
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2]!)) parts = parts.slice(2)
  }
  const [resource = '', name = '', subresource = '', ...rest] = parts
  const verb = watchPrefix ? 'watch' : verbOf(request, name)
  const selected = name === '' && (verb === 'list' || verb === 'watch') ? selectedName(request.query) : name
  return {
    resourceRequest: true,
    verb,
    group,
    version,
    namespace,
    resource,
    name: verb === 'deletecollection' ? '' : selected,
    subresource,
    rest,
  }
}

export function isStreamPath(path: string): boolean {
  const info = parseRequestInfo({ method: 'GET', path, query: new URLSearchParams() })
  return info.resourceRequest && STREAMS.has(info.subresource)
}

function verbOf({ method, query }: Pick<ApiRequest, 'method' | 'query'>, name: string): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      // A named object is read, whatever the query says: watches of one object select it by metadata.name.
      if (name !== '') return 'get'
      return isTrue(query.get('watch')) ? 'watch' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete'
    default:
      return method.toLowerCase()
  }
}

/** Kubernetes' rule for a parameter that is there: anything but false and 0 is true. */
export function isTrue(text: string | null): boolean {
  return text !== null && text !== '0' && text.toLowerCase() !== 'false'
}

/** The one name that the field selector allows, read as the selection reads it: rights to a name hang on it. */
export function selectedName(query: URLSearchParams): string {
  const text = query.get('fieldSelector') ?? ''
  if (!text.includes('metadata.name')) return ''
  try {
    const name = parseFieldSelector(text).exactMatch('metadata.name') ?? ''
    return /[/%]/.test(name) || name === '.' || name === '..' ? '' : name
  } catch (error) {
    if (error instanceof SelectorError) return ''
    throw error
  }
}
