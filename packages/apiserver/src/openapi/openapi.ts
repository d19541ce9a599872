// The OpenAPI handlers of the server, by path.

import type { PathHandler } from '../http/types.ts'
import type { ResourceRegistry } from '../registry/resources.ts'
import { createOpenApiV2 } from './v2.ts'
import { createOpenApiV3 } from './v3.ts'

/** The release of Kubernetes whose API this is. */
const API_RELEASE = 'v1.32.0'

export interface OpenApi {
  /** `/openapi/v2` */
  v2: PathHandler
  /** `/openapi/v3` */
  v3Index: PathHandler
  /** `/openapi/v3/...` */
  v3Document: PathHandler
}

/** Documents are made on first use and follow the registry. */
export function createOpenApi({ registry }: { registry: ResourceRegistry }): OpenApi {
  const parts = { registry, version: API_RELEASE }
  const v3 = createOpenApiV3(parts)
  return { v2: createOpenApiV2(parts), v3Index: v3.index, v3Document: v3.document }
}
