// Everything outside the resources: discovery, OpenAPI, version, health, metrics, keys, backup, images.

import type { KeyObject } from 'node:crypto'
import {
  JWKS_PATH,
  jwks,
  OPENID_CONFIGURATION_PATH,
  openidConfiguration,
} from '@brume/apiserver/auth/tokens/discovery'
import { createDiscovery } from '@brume/apiserver/discovery/discovery'
import { type HealthCheck, healthHandlers } from '@brume/apiserver/health/health'
import type { ApiRequest, ApiResponse, PathHandler } from '@brume/apiserver/http/types'
import type { MetricsRegistry } from '@brume/apiserver/metrics/registry'
import type { OpenApi } from '@brume/apiserver/openapi/openapi'
import type { ResourceRegistry } from '@brume/apiserver/registry/resources'
import { StatusError } from '@brume/base/errors'
import { lazyModule } from '@brume/base/lazy-module'
import { ISSUER } from './identity.ts'
import { isRegistryPath } from './registry.ts'
import { ROTATE_PATH } from './rotate-key.ts'
import { versionResponse } from './version.ts'
import { rootResponse } from './welcome.ts'

/** Its documents are for people's tools: nothing that runs in here asks for them, and many a cloud is never asked. */
const openApi = lazyModule<typeof import('@brume/apiserver/openapi/openapi')>(
  '@brume/apiserver/openapi/openapi',
  import.meta.url,
)

export interface PathParts {
  registry: ResourceRegistry
  metrics: MetricsRegistry
  health: readonly HealthCheck[]
  /** https://host:port */
  url(): string
  publicKeys: readonly KeyObject[]
  backup: PathHandler
  rotate: PathHandler
  images: PathHandler
}

/** The handler of a path, or undefined. */
export function createPathHandlers(parts: PathParts): (path: string) => PathHandler | undefined {
  const { registry } = parts
  const discovery = createDiscovery({ registry, serverAddress: () => parts.url().slice('https://'.length) })
  const openApi = openApiOf(registry)
  const exact = new Map<string, PathHandler>([
    ['/api', discovery.api],
    ['/apis', discovery.apis],
    ['/api/v1', discovery.coreV1],
    ['/openapi/v2', openApi.v2],
    ['/openapi/v3', openApi.v3Index],
    ['/version', getOnly(() => versionResponse())],
    ['/metrics', getOnly(() => metricsResponse(parts.metrics))],
    [OPENID_CONFIGURATION_PATH, getOnly(() => openId(parts))],
    [JWKS_PATH, getOnly(() => jwks(parts.publicKeys))],
    ['/backup', parts.backup],
    [ROTATE_PATH, parts.rotate],
    ...healthHandlers(parts.health),
  ])
  const paths = () => [...exact.keys(), ...registry.groups().map(({ group }) => `/apis/${group}`)].sort()
  exact.set(
    '/',
    getOnly(() => rootResponse(paths())),
  )
  return (path) => {
    const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
    return exact.get(plain) ?? (isRegistryPath(path) ? parts.images : nested(plain, { discovery, openApi }))
  }
}

function nested(
  path: string,
  { discovery, openApi }: Pick<Handlers, 'discovery' | 'openApi'>,
): PathHandler | undefined {
  if (path.startsWith('/openapi/v3/')) return openApi.v3Document
  if (!path.startsWith('/apis/')) return undefined
  return path.split('/').length === 3 ? discovery.group : discovery.groupVersion
}

interface Handlers {
  discovery: ReturnType<typeof createDiscovery>
  openApi: OpenApi
}

function openApiOf(registry: ResourceRegistry): OpenApi {
  let made: OpenApi | undefined
  const handlers = () => {
    made ??= openApi().createOpenApi({ registry })
    return made
  }
  return {
    v2: (...request) => handlers().v2(...request),
    v3Index: (...request) => handlers().v3Index(...request),
    v3Document: (...request) => handlers().v3Document(...request),
  }
}

function getOnly(handler: (request: ApiRequest) => ApiResponse): PathHandler {
  return (request) => {
    if (request.method === 'GET' || request.method === 'HEAD') return handler(request)
    throw new StatusError('MethodNotAllowed', 'this path is read with GET')
  }
}

function metricsResponse(metrics: MetricsRegistry): ApiResponse {
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
  return { status: 200, headers, body: metrics.render() }
}

function openId({ url, publicKeys }: PathParts): ApiResponse {
  return openidConfiguration({ issuer: ISSUER, jwksUri: `${url()}${JWKS_PATH}`, publicKeys })
}
