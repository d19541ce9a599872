// The handlers of `/api`, `/apis` and below: which kinds are served. Answers are kept as bytes until the set of
// kinds changes, so a CRD is seen by the very next request.

import { createHash } from 'node:crypto'
import { encodeProtobuf } from '@brume/api/codec/protobuf'
import { emitYaml } from '@brume/api/codec/yaml-emit'
import type { KubeObject } from '@brume/api/object'
import { schemaFor } from '@brume/api/schema/compile'
import { StatusError } from '@brume/base/errors'
import type { ApiRequest, ApiResponse, PathHandler } from '../http/types.ts'
import type { ResourceRegistry } from '../registry/resources.ts'
import {
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  coreDiscoveryList,
  type ForeignVersion,
  groupDiscoveryList,
} from './documents.ts'
import { contentTypeOf, type DiscoveryForm, negotiateDiscovery } from './negotiate.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface Discovery {
  /** `/api` */
  api: PathHandler
  /** `/apis` */
  apis: PathHandler
  /** `/apis/GROUP` */
  group: PathHandler
  /** `/apis/GROUP/VERSION` */
  groupVersion: PathHandler
  /** `/api/VERSION` */
  coreV1: PathHandler
}

export interface DiscoveryParts {
  registry: ResourceRegistry
  /** host:port under which clients reach this server. */
  serverAddress(): string
  /** Group versions that other servers answer for this one; `generation` changes with them. */
  foreign?: { readonly generation: number; versions(): readonly ForeignVersion[] }
}

interface Cached {
  body: Buffer
  etag: string
}

export function createDiscovery({ registry, serverAddress, foreign }: DiscoveryParts): Discovery {
  let generation = ''
  const theirs = () => foreign?.versions() ?? []
  const cache = new Map<string, Cached>()

  /** `build` returns undefined for what is not served. */
  function answer(
    request: ApiRequest,
    aggregatable: boolean,
    build: (form: DiscoveryForm) => object | undefined,
  ): ApiResponse {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new StatusError(
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource',
      )
    }
    const form = negotiateDiscovery(request.headers['accept'], aggregatable)
    const current = `${registry.generation}/${foreign?.generation ?? 0}`
    if (generation !== current) {
      cache.clear()
      generation = current
    }
    const key = `${segmentsOf(request).join('/')} ${contentTypeOf(form)}`
    let cached = cache.get(key)
    if (cached === undefined) {
      const document = build(form)
      if (document === undefined)
        throw new StatusError('NotFound', 'the server could not find the requested resource')
      cached = encode(form, document)
      cache.set(key, cached)
    }
    return respond(request, form, cached)
  }

  return {
    api: (request) =>
      answer(request, true, (form) =>
        form.aggregated === undefined
          ? apiVersions(registry, serverAddress())
          : coreDiscoveryList(registry, form.aggregated),
      ),
    apis: (request) =>
      answer(request, true, (form) =>
        form.aggregated === undefined
          ? apiGroupList(registry, theirs())
          : groupDiscoveryList(registry, theirs(), form.aggregated),
      ),
    group: (request) =>
      answer(request, false, () => apiGroup(registry, theirs(), segmentsOf(request)[1] ?? '')),
    groupVersion: (request) =>
      answer(request, false, () => {
        const [, group = '', version = ''] = segmentsOf(request)
        return group === '' ? undefined : apiResourceList(registry, group, version)
      }),
    coreV1: (request) =>
      answer(request, false, () => apiResourceList(registry, '', segmentsOf(request)[1] ?? '')),
  }
}

function segmentsOf({ path }: ApiRequest): string[] {
  return path.split('/').filter((segment) => segment !== '')
}

function respond(request: ApiRequest, form: DiscoveryForm, { body, etag }: Cached): ApiResponse {
  const headers: Record<string, string> = { 'content-type': contentTypeOf(form), vary: 'Accept' }
  if (form.aggregated !== undefined) {
    headers['etag'] = etag
    const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim())
    if (known?.includes(etag)) return { status: 304, headers, body: undefined }
  }
  return { status: 200, headers, body: request.method === 'HEAD' ? undefined : body }
}

function encode(form: DiscoveryForm, document: object): Cached {
  const body = bytesOf(form, document)
  return { body, etag: `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"` }
}

function bytesOf(form: DiscoveryForm, document: object): Buffer {
  if (form.encoding === 'json') return Buffer.from(`${JSON.stringify(document)}\n`)
  if (form.encoding === 'yaml') return Buffer.from(emitYaml(document))
  const { kind } = document as KubeObject
  const name =
    form.aggregated === undefined ? `${META}.${kind}` : `io.k8s.api.apidiscovery.${form.aggregated}.${kind}`
  const { apiVersion = 'v1' } = document as KubeObject
  return encodeProtobuf({ ...(document as KubeObject), apiVersion }, schemaFor(name))
}
