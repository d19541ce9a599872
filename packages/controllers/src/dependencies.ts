// What the controllers need from whoever runs them.

import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Client } from '@brume/client/client'
import type { Informers } from '@brume/client/informers'
import type { Metrics } from '@brume/client/metrics'
import type { SignRequest } from './certificates/signer.ts'
import type { MetadataMonitors } from './metadata/monitors.ts'

export interface ServiceAccountTokenRequest {
  namespace: string
  serviceAccount: { name: string; uid: string }
  secret: { name: string; uid: string }
}

export interface ControllerOptions {
  /** PEM of the authority that signs the API server's certificate. */
  rootCaPem: string
  /** A legacy token without an end, bound to its Secret. Absent: such Secrets are not filled. */
  issueServiceAccountToken?(request: ServiceAccountTokenRequest): Promise<string>
  /** Signs approved certificate requests of the kubernetes.io signers. Absent: they stay unsigned. */
  signCertificate?: SignRequest
  /** Addresses of all pods of the cloud, a range of each family; each node gets a part of each. Absent: nodes have none given. */
  podRanges?: readonly string[]
  /** Of Services: nodes are told. */
  serviceRanges?: readonly string[]
  /** How the API server is reached; without it the `kubernetes` Service is left alone. */
  apiServer?: ApiServerAddress
}

export interface ApiServerAddress {
  /** IPv4 or IPv6 addresses that pods can reach. */
  addresses: readonly string[]
  port: number
  /** The first address of the service range; absent: the server allocates one. */
  serviceIp?: string
  /** For `cluster-info`: the URL that joining nodes use. */
  publicUrl?: string
}

export interface Dependencies extends ControllerOptions {
  client: Client
  informers: Informers
  /** Metadata of every deletable object, of CRDs' kinds too. */
  monitors: MetadataMonitors
  clock: Clock
  /** [0, 1). */
  random: () => number
  logger: Logger
  metrics: Metrics
  /** Called once, when every object that a cluster has by itself exists. */
  onBootstrapped(): void
}
