// What admission plugins may look at.

import type { Clock } from '@brume/base/clock'
import type { RbacIndex } from '../auth/authorizers/rbac-index.ts'
import type { Authorizer } from '../auth/types.ts'
import type { UsageSource } from '../node-metrics/source.ts'
import type { ObjectReader } from '../registry/reader.ts'
import type { ResourceRegistry } from '../registry/resources.ts'

export interface AdmissionDeps {
  reader: ObjectReader
  registry: ResourceRegistry
  clock: Clock
  authorizer: Authorizer
  rbac: RbacIndex
  /** What nodes really use. */
  usage?: UsageSource
  /** No Service gets external IPs. */
  denyExternalIps?: boolean
}
