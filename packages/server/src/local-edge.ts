// The HTTP edge of this machine inside this process: a client of the API with a user of its own. HAProxy itself is a
// process beside it and goes on when this one ends. The kinds of the Gateway API are seen to here, as an administrator.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildCertificateRequest, dnsName } from '@brume/apiserver/auth/pki/build-request'
import { parsePrivateKey } from '@brume/apiserver/auth/pki/keys'
import { ensureLeaf } from '@brume/apiserver/auth/pki/leaf'
import { assert } from '@brume/base/assert'
import { type Clock, systemClock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { Client } from '@brume/client/client'
import { runController } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import type { AcmeParts, AcmeSettings } from '@brume/gateway/acme/controller'
import { gateway } from '@brume/gateway/gateway'
import { classController } from '@brume/gateway/gateway-api/class-controller'
import type { ServedKinds } from '@brume/gateway/gateway-api/kinds'
import { prepareGatewayApi } from '@brume/gateway/gateway-api/prepare'
import { type ClientLimit, fairLimit } from '@brume/gateway/haproxy/clients'
import { MAX_FILES } from '@brume/gateway/haproxy/head'
import { Haproxy } from '@brume/gateway/haproxy/process'
import type { GatewayPorts } from '@brume/gateway/source'
import { EDGE_CLIENT_CONNECTIONS } from '@brume/machine/commands/up'
import { maxOpenFiles } from '@brume/machine/facts'
import type { ControlPlane } from './control-plane.ts'
import type { DataDir } from './data-dir.ts'
import { SYSTEM_USER } from './identity.ts'
import { inProcessTransport } from './in-process-transport.ts'

export interface EdgeOptions {
  plane: ControlPlane
  dir: DataDir
  ports: GatewayPorts
  /** Apps have names below it: NAME.DOMAIN. */
  domain: string
  /** Of this machine. */
  addresses: readonly string[]
  /** None: nobody is asked for certificates. */
  acme?: AcmeSettings | undefined
  /** Where the CA asks, and how names are looked up, in tests. */
  acmeReach?: Pick<AcmeParts, 'publicPort' | 'lookup'>
  /** A line for each request. Default: true. */
  accessLog?: boolean
  /** Prometheus reads the edge's figures there, from pods and this machine. */
  metricsPort?: number | undefined
  podRanges?: readonly string[] | undefined
  /** Of one client; proxies beside this machine itself. undefined: the usual. */
  clients?: ClientLimit | undefined
  logger: Logger
  clock?: Clock
}

export interface Edge {
  close(): Promise<void>
}

const USER = { name: 'system:brume:gateway', groups: ['system:brume:gateway', 'system:authenticated'] }
const LOOPBACK = ['127.0.0.0/8', '::1']
const USUAL_CLIENTS: ClientLimit = { connections: EDGE_CLIENT_CONNECTIONS, proxies: [] }
const LIFETIME_MS = 365 * 24 * 3600_000

/** Listens only from the first Ingress or Gateway on. */
export async function startLocalEdge(options: EdgeOptions): Promise<Edge> {
  const { plane, dir, ports, domain, addresses, logger, accessLog = true, metricsPort } = options
  const { clock = systemClock, clients = USUAL_CLIENTS } = options
  const client = new Client({ transport: inProcessTransport(plane.server, USER), clock })
  const folder = edgeDir(dir)
  const haproxy = new Haproxy(folder)
  // Renewed at the next start; a year is longer than anybody runs without one.
  const own = await ensureLeaf({
    ca: plane.pki.ca,
    clock,
    path: join(folder, 'own'),
    subject: { commonName: domain, organizations: [] },
    extKeyUsages: ['server auth'],
    altNames: { dnsNames: [domain, `*.${domain}`], ipAddresses: [...addresses] },
    lifetimeMs: LIFETIME_MS,
  })
  const gatewayApi = ensureGatewayApi({ plane, logger, clock })
  const edge = gateway({
    client,
    clock,
    logger,
    events: new EventRecorder({ client, component: 'brume-gateway', clock, logger }),
    haproxy,
    dir: folder,
    ports,
    ipv6: existsSync('/proc/net/if_inet6'),
    addresses,
    accessLog,
    metrics: metricsPort === undefined ? undefined : { port: metricsPort, from: options.podRanges ?? [] },
    clients: fairLimit(
      { ...clients, proxies: [...LOOPBACK, ...addresses, ...clients.proxies] },
      Math.min(maxOpenFiles(), MAX_FILES),
    ),
    domain,
    gatewayApi,
    ownCertificate: () => `${own.certificatePem.trim()}\n${own.privateKeyPem.trim()}\n`,
    acme: { settings: options.acme, certificateRequest: requestFor, ...options.acmeReach },
  })
  const running = [edge.spec, edge.certificates].map((spec) => runController(spec, { clock, logger }))
  edge.start()
  const telling = gatewayApi.then((kinds) => {
    const classes = kinds?.get('GatewayClass')
    if (classes === undefined) return undefined
    const { spec, informer } = classController({ client, clock, logger, classes })
    informer.start()
    return { controller: runController(spec, { clock, logger }), informer }
  })
  return {
    async close() {
      edge.letGo()
      const told = await telling
      await Promise.all([...running, told?.controller].map((controller) => controller?.stop()))
      await Promise.all([edge.stop(), told?.informer.stop()])
      client.transport.close()
    },
  }
}

/** undefined: they are not served; Ingresses go on. */
async function ensureGatewayApi({
  plane,
  logger,
  clock,
}: Pick<EdgeOptions, 'plane' | 'logger'> & { clock: Clock }): Promise<ServedKinds | undefined> {
  const client = new Client({ transport: inProcessTransport(plane.server, SYSTEM_USER), clock })
  try {
    const kinds = await prepareGatewayApi(client, clock)
    if (kinds === undefined) logger.warn('Gateways are not served: their definitions were not accepted')
    return kinds
  } catch (error) {
    logger.warn('Gateways are not served until the next start', { error: String(error) })
    return undefined
  } finally {
    client.transport.close()
  }
}

/** Names are in its alternative names alone: a common name is bounded, and nobody reads it any more. */
function requestFor(privateKeyPem: string, hosts: readonly string[]): string {
  const pair = parsePrivateKey(privateKeyPem)
  assert(pair !== undefined, 'the key is one of our own making')
  return buildCertificateRequest(pair, { commonName: '', organizations: [] }, hosts.map(dnsName))
}

/** Ends HAProxy of a data directory, whoever started it. Nothing running is no error. */
export async function endEdge(dir: DataDir): Promise<void> {
  await new Haproxy(edgeDir(dir)).stop()
}

export function edgeDir(dir: DataDir): string {
  return join(dir.root, 'gateway')
}
