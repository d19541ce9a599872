// The HTTP edge of this machine inside this process: a client of the API with a user of its own. HAProxy itself is a
// process beside it and goes on when this one ends.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureLeaf } from '@brume/apiserver/auth/pki/leaf'
import { type Clock, systemClock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { Client } from '@brume/client/client'
import { runController } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { gateway } from '@brume/gateway/gateway'
import { Haproxy } from '@brume/gateway/haproxy/process'
import type { GatewayPorts } from '@brume/gateway/source'
import type { ControlPlane } from './control-plane.ts'
import type { DataDir } from './data-dir.ts'
import { inProcessTransport } from './in-process-transport.ts'

export interface EdgeOptions {
  plane: ControlPlane
  dir: DataDir
  ports: GatewayPorts
  /** Apps have names below it: NAME.DOMAIN. */
  domain: string
  /** Of this machine. */
  addresses: readonly string[]
  logger: Logger
  clock?: Clock
}

export interface Edge {
  close(): Promise<void>
}

const USER = { name: 'system:brume:gateway', groups: ['system:brume:gateway', 'system:authenticated'] }
const LIFETIME_MS = 365 * 24 * 3600_000

/** Listens only from the first Ingress on. */
export async function startLocalEdge(options: EdgeOptions): Promise<Edge> {
  const { plane, dir, ports, domain, addresses, logger, clock = systemClock } = options
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
    accessLog: true,
    metrics: undefined,
    domain,
    ownCertificate: () => `${own.certificatePem.trim()}\n${own.privateKeyPem.trim()}\n`,
  })
  const running = runController(edge.spec, { clock, logger })
  edge.start()
  return {
    async close() {
      await running.stop()
      await edge.stop()
      client.transport.close()
    },
  }
}

/** Ends HAProxy of a data directory, whoever started it. Nothing running is no error. */
export async function endEdge(dir: DataDir): Promise<void> {
  await new Haproxy(edgeDir(dir)).stop()
}

export function edgeDir(dir: DataDir): string {
  return join(dir.root, 'gateway')
}
