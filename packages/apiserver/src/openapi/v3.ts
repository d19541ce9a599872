// OpenAPI 3.0: an index of documents, and one document for each group version, as JSON and as gnostic's protobuf. A
// document's address carries the hash of its content, so clients keep it for good and fetch only those that changed.

import type { ResourceDefinition } from '@brume/api/resource'
import { StatusError } from '@brume/base/errors'
import type { ApiRequest, ApiResponse, PathHandler } from '../http/types.ts'
import type { ResourceRegistry } from '../registry/resources.ts'
import { acceptedForm, answer, checkMethod, type Document, documentOf, JSON_TYPE } from './answer.ts'
import { componentsOf } from './components.ts'
import { encodeDocument } from './gnostic-v3.ts'
import { DerivedCache, groupVersionsOf } from './group-versions.ts'
import { pathsOf } from './paths.ts'
import type { Json } from './schema-json.ts'

const ROOT = '/openapi/v3'
const YEAR_SECONDS = 31_536_000

export interface OpenApiParts {
  registry: ResourceRegistry
  /** Kubernetes' version whose API is served, e.g. `v1.32.0`. */
  version: string
}

export interface OpenApiV3 {
  /** `/openapi/v3` */
  index: PathHandler
  /** `/openapi/v3/api/v1`, `/openapi/v3/apis/GROUP/VERSION` */
  document: PathHandler
}

export function createOpenApiV3({ registry, version }: OpenApiParts): OpenApiV3 {
  const documents = new DerivedCache<Document>((definitions) =>
    documentOf(Buffer.from(JSON.stringify(documentJson(definitions, version)))),
  )
  const protobufDocuments = new DerivedCache<Document>((definitions) =>
    documentOf(encodeDocument(documentJson(definitions, version))),
  )
  let generation = -1
  let groupVersions = new Map<string, ResourceDefinition[]>()
  let index: Document | undefined

  function refresh(): void {
    if (generation === registry.generation) return
    generation = registry.generation
    groupVersions = groupVersionsOf(registry)
    for (const cache of [documents, protobufDocuments]) cache.keep(new Set(groupVersions.keys()))
    index = undefined
  }

  function indexDocument(): Document {
    refresh()
    if (index !== undefined) return index
    const paths: Json = {}
    for (const [path, definitions] of groupVersions) {
      paths[path] = { serverRelativeURL: `${ROOT}/${path}?hash=${documents.get(path, definitions).hash}` }
    }
    index = documentOf(Buffer.from(JSON.stringify({ paths })))
    return index
  }

  function document(request: ApiRequest): ApiResponse {
    checkMethod(request)
    refresh()
    const path = request.path.slice(ROOT.length + 1).replace(/\/+$/, '')
    const definitions = groupVersions.get(path)
    if (definitions === undefined)
      throw new StatusError('NotFound', 'the server could not find the requested resource')
    const type = acceptedForm(request, 'v3')
    const found = (type === JSON_TYPE ? documents : protobufDocuments).get(path, definitions)
    const given = request.query.get('hash')
    if (given === null || given === '') return answer(request, found, { 'content-type': type })
    // An address is the same for both forms.
    const { hash } = documents.get(path, definitions)
    if (given !== hash) {
      return { status: 301, headers: { location: `${ROOT}/${path}?hash=${hash}` }, body: undefined }
    }
    return answer(request, found, {
      'content-type': type,
      'cache-control': `public, immutable, max-age=${YEAR_SECONDS}`,
    })
  }

  return {
    index(request) {
      checkMethod(request)
      // There is no other form of it, and Kubernetes answers so whatever is asked for.
      return answer(request, indexDocument(), { 'content-type': JSON_TYPE })
    },
    document,
  }
}

function documentJson(definitions: readonly ResourceDefinition[], version: string): Json {
  const paths: Json = {}
  for (const definition of definitions) Object.assign(paths, pathsOf(definition, 'v3'))
  return {
    openapi: '3.0.0',
    info: { title: 'Brume', version },
    paths,
    components: {
      schemas: Object.fromEntries(componentsOf(definitions, 'v3')),
      securitySchemes: {
        BearerToken: {
          type: 'apiKey',
          description: 'Bearer token',
          name: 'authorization',
          in: 'header',
        },
      },
    },
  }
}
