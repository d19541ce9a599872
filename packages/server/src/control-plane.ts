// One control plane, composed: store, kinds, identity, API server, listener, controllers. The only place where the
// parts meet.

import { randomUUID } from 'node:crypto'
import { builtinResources } from '@brume/api/kinds/builtin'
import { admissionPlugins } from '@brume/apiserver/admission/plugins'
import { parseServiceRange } from '@brume/apiserver/allocators/addresses'
import { serviceAllocator } from '@brume/apiserver/allocators/service'
import { type Auditing, createAuditing } from '@brume/apiserver/audit/auditing'
import { type AuditLog, openAuditLog } from '@brume/apiserver/audit/log/log'
import { auditMetrics } from '@brume/apiserver/audit/metrics'
import type { Pki } from '@brume/apiserver/auth/pki/ensure'
import { watchCrds } from '@brume/apiserver/crd/watch'
import { createFlowControl, DEFAULT_SEATS } from '@brume/apiserver/flow/control'
import type { ServerParts } from '@brume/apiserver/handlers/context'
import { InFlight } from '@brume/apiserver/http/in-flight'
import type { ListenerLimits } from '@brume/apiserver/http/limits'
import { type Listener, listen } from '@brume/apiserver/http/listener'
import { OpenStreams } from '@brume/apiserver/http/open-streams'
import { processMetrics } from '@brume/apiserver/metrics/process'
import { MetricsRegistry } from '@brume/apiserver/metrics/registry'
import { requestMetrics } from '@brume/apiserver/metrics/requests'
import { metricsResources } from '@brume/apiserver/node-metrics/resources'
import { usageSource } from '@brume/apiserver/node-metrics/source'
import { type NodeCredentials, nodeAgents } from '@brume/apiserver/nodes/agents'
import { createObjectReader } from '@brume/apiserver/registry/object-reader'
import { ResourceRegistry } from '@brume/apiserver/registry/resources'
import { type ApiServer, createApiServer } from '@brume/apiserver/server'
import { WatchHub } from '@brume/apiserver/watch/hub'
import { type Clock, systemClock } from '@brume/base/clock'
import type { Store } from '@brume/store/contract'
import { backupHandler } from './backup.ts'
import { renewCertificates } from './certificate-renewal.ts'
import { type RunningControllers, runControllers } from './controllers.ts'
import { type FoundationOptions, type Foundations, layFoundations } from './foundations.ts'
import { createIdentity } from './identity.ts'
import { certifiedHosts, publicAddresses, reachableHost, serviceIpOf } from './own-addresses.ts'
import { createPathHandlers } from './paths.ts'
import { registryHandler, withRegistryDoor } from './registry.ts'
import { finishRotation, rotateHandler } from './rotate-key.ts'
import type { AuditSettings } from './up/audit-settings.ts'
import { withWelcome } from './welcome.ts'

export interface ControlPlaneOptions extends FoundationOptions {
  host: string
  port: number
  /** Addresses of all pods, of which each node gets a part; families as with Services. Absent: nodes see to it themselves. */
  podRanges?: readonly string[] | undefined
  /** No Service gets external IPs. */
  denyExternalIps?: boolean | undefined
  /** The administrator's certificate may be another one from now on: kubeconfigs are written again. */
  onRenewed?(pki: Pki): void
  /** Absent: no audit log. */
  audit?: AuditSettings | undefined
  /** How often watches that asked for bookmarks get one. Default: a minute. */
  bookmarkEveryMs?: number
  /** Bounds other than the usual ones. */
  limits?: Partial<ControlPlaneLimits>
}

export interface ControlPlaneLimits {
  watchers: number
  /** Requests worked on at once. */
  seats: number
  listener: Partial<ListenerLimits>
}

export interface ControlPlane {
  /** https://host:port as clients on this machine reach it. */
  url: string
  port: number
  /** As it is now: certificates are renewed while it runs. */
  readonly pki: Pki
  store: Store
  server: ApiServer
  /** Bootstrap objects exist, and pods can be created. */
  ready: Promise<void>
  /** All controllers have read what there is, too. */
  settled: Promise<void>
  /** Ends connections within `graceMs`, then closes the store. Idempotent. */
  close(graceMs: number): Promise<void>
}

const MAX_WATCHERS = 20_000
const NODE_PORTS = { first: 30_000, last: 32_767 }
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  return buildOn(await layFoundations(options), options)
}

/** The rest of a control plane, on foundations that were laid with the same options. */
export async function buildOn(
  { pki, store }: Foundations,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  try {
    return await compose({ clock: systemClock, ...options }, { pki, store })
  } catch (error) {
    await store.close()
    throw error
  }
}

async function compose(
  options: ControlPlaneOptions & { clock: Clock },
  { pki, store }: Foundations,
): Promise<ControlPlane> {
  const { dir, logger, clock } = options
  const registry = new ResourceRegistry(builtinResources())
  const reader = createObjectReader(store, registry)
  watchCrds({ reader, registry })
  const identity = createIdentity({ pki, reader, clock })
  const { bookmarkEveryMs, limits = {} } = options
  const watches = new WatchHub({
    store,
    clock,
    logger,
    maxWatchers: limits.watchers ?? MAX_WATCHERS,
    ...(bookmarkEveryMs === undefined ? {} : { bookmarkEveryMs }),
  })
  let current = pki
  const nodes = nodeAgents({ reader, credentials: () => nodeCredentials(current) })
  const usage = usageSource({ agents: nodes, clock, logger })
  const parts: ServerParts = {
    store,
    registry,
    reader,
    admission: admissionPlugins({
      reader,
      registry,
      clock,
      authorizer: identity.authorizer,
      rbac: identity.rbac,
      usage,
      denyExternalIps: options.denyExternalIps === true,
    }),
    authorizer: identity.authorizer,
    watches,
    removed: identity.removed,
    nodes,
    clock,
    logger,
    newUid: randomUUID,
    newSuffix: randomSuffix,
    allocators: [
      serviceAllocator(reader, {
        addresses: options.serviceRanges.map(parseServiceRange),
        nodePorts: NODE_PORTS,
      }),
    ],
    review: identity.review,
    computed: metricsResources({ reader, source: usage, clock }),
  }
  const metrics = new MetricsRegistry()
  const inFlight = new InFlight()
  const streams = new OpenStreams()
  processMetrics(metrics, { store, watches, streams, startedAtMs: clock.now() })
  const audit = startAuditing(options, { metrics, registry })
  const secretKeys = { store, file: dir.encryptionKeys, logger }
  const state = { url: '', bootstrapped: false }
  const server = createApiServer({
    parts,
    authenticator: identity.authenticator,
    authorizer: identity.authorizer,
    inFlight,
    flows: createFlowControl({ reader, clock, metrics, seats: limits.seats ?? DEFAULT_SEATS }),
    metrics: requestMetrics(metrics, { inFlight, resources: registry }),
    streams,
    audit: audit?.auditing,
    pathHandler: createPathHandlers({
      registry,
      metrics,
      health: [
        { name: 'ping', endpoints: ['healthz', 'livez', 'readyz'], check: () => undefined },
        {
          name: 'poststarthook/brume-bootstrap',
          endpoints: ['healthz', 'readyz'],
          check: () => (state.bootstrapped ? undefined : 'the default objects are still being created'),
        },
      ],
      url: () => state.url,
      publicKeys: pki.serviceAccount.publicKeys,
      rotate: rotateHandler(secretKeys),
      backup: backupHandler({ store, dir: dir.root, logger }),
      images: registryHandler({ root: dir.images, authorizer: identity.authorizer, logger }),
    }),
  })
  const listener = await listen({
    server: withRegistryDoor(withWelcome(server)),
    host: options.host,
    port: options.port,
    key: pki.server.privateKeyPem,
    certificate: pki.server.certificatePem,
    clientCa: pki.ca.certificatePem,
    logger,
    ...(limits.listener === undefined ? {} : { limits: limits.listener }),
  })
  state.url = `https://${reachableHost(options.host)}:${listener.port}`
  const controllers = runControllers({
    server,
    pki,
    clock,
    logger,
    url: state.url,
    port: listener.port,
    addresses: publicAddresses(options.host),
    serviceIp: serviceIpOf(options),
    podRanges: options.podRanges,
    serviceRanges: options.serviceRanges,
  })
  const ready = controllers.usable.then(() => {
    state.bootstrapped = true
  })
  controllers.ready.then(
    () => finishRotation(secretKeys),
    () => {},
  )
  const renewal = renewCertificates({
    pki,
    hosts: () => certifiedHosts(options),
    clock,
    logger,
    onRenewed(renewed) {
      current = renewed
      listener.renew({ key: renewed.server.privateKeyPem, certificate: renewed.server.certificatePem })
      options.onRenewed?.(renewed)
    },
  })
  return {
    url: state.url,
    port: listener.port,
    get pki() {
      return current
    },
    store,
    server,
    ready,
    settled: controllers.ready,
    close: closeOnce({ listener, controllers, store, watches, renewal, audit: audit?.log }),
  }
}

/** Throws AuditLogError when the log cannot be opened: a cloud that is to be recorded does not run unrecorded. */
function startAuditing(
  { audit, clock, logger }: ControlPlaneOptions & { clock: Clock },
  { metrics, registry }: { metrics: MetricsRegistry; registry: ResourceRegistry },
): { auditing: Auditing; log: AuditLog } | undefined {
  if (audit === undefined) return undefined
  const counted = auditMetrics(metrics)
  const { path, limits, policy } = audit
  const log = openAuditLog({ path, limits, clock, logger, onLost: counted.lost })
  return {
    auditing: createAuditing({ policy, sink: log, metrics: counted, clock, registry }),
    log,
  }
}

function nodeCredentials({ ca, nodeClient }: Pki): NodeCredentials {
  const { certificatePem, privateKeyPem } = nodeClient
  return { ca: ca.certificatePem, certificate: certificatePem, key: privateKeyPem }
}

function closeOnce(parts: {
  listener: Listener
  controllers: RunningControllers
  store: Store
  watches: WatchHub
  renewal: { stop(): void }
  audit: AuditLog | undefined
}): (graceMs: number) => Promise<void> {
  let closing: Promise<void> | undefined
  return (graceMs) => {
    closing ??= (async () => {
      parts.renewal.stop()
      await parts.controllers.stop()
      parts.watches.stop()
      await parts.listener.close(graceMs)
      await parts.store.close()
      await parts.audit?.close()
    })()
    return closing
  }
}

function randomSuffix(): string {
  let text = ''
  for (let i = 0; i < 5; i++) text += SUFFIX_ALPHABET[Math.floor(Math.random() * SUFFIX_ALPHABET.length)]
  return text
}
