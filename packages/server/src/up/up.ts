// `brume up`: runs the cloud of this machine in the foreground until SIGTERM or SIGINT.

import { rmSync } from 'node:fs'
import { adminKubeconfig } from '@brume/apiserver/auth/pki/kubeconfig'
import { assert } from '@brume/base/assert'
import type { LogLevel } from '@brume/base/log'
import type { ClientLimit } from '@brume/gateway/haproxy/clients'
import type { EvictionSettings } from '@brume/node/eviction/thresholds'
import type { Encryption } from '@brume/node/network/encryption'
import type { Faults } from '@brume/store/sqlite/faults'
import type { ControlPlane, ControlPlaneOptions } from '../control-plane.ts'
import { dataDirAt, ensureDataDir } from '../data-dir.ts'
import { say, untilSignal } from '../foreground.ts'
import { layFoundations } from '../foundations.ts'
import { openLog } from '../log-file.ts'
import { runningIn } from '../running.ts'
import { UserError } from '../user-error.ts'
import { endWorkloads } from '../workloads.ts'
import { writeAtomically } from '../write-atomically.ts'
import { type AcmeFlags, acmeSettings } from './acme-settings.ts'
import { announce, announceReady } from './announce.ts'
import { type AuditOptions, auditSettings } from './audit-settings.ts'
import { explain } from './explain.ts'
import { parseListen, wantedPorts } from './listen.ts'
import { startEdge, startNode } from './parts.ts'
import { decideRanges, keepRanges, podRangesOf, serviceRangesOf } from './ranges.ts'

export interface UpOptions {
  dataDir: string
  listen: string
  noNode: boolean
  nodeName?: string | undefined
  podRange?: string | undefined
  /** A site's own CNI configuration. */
  cniConfDir?: string | undefined
  /** Of what goes to other nodes. */
  encryption?: Encryption | undefined
  /** When pods have to go. */
  eviction?: EvictionSettings
  stopWorkloads?: boolean
  /** Where the HTTP edge listens once there is an Ingress. */
  httpPorts?: { http: number; https: number }
  /** A line for each request of the edge. Default: true. */
  accessLog?: boolean
  /** Prometheus reads the edge's figures there. */
  edgeMetricsPort?: number | undefined
  /** What one client may have there; undefined: the usual. */
  edgeClients?: ClientLimit | undefined
  /** Apps have names below it. */
  domain?: string
  /** Of a CA, for the edge. */
  acme?: AcmeFlags
  serviceRange?: string | undefined
  /** `IPv4`, or `IPv4,IPv6`; undefined: what the cloud has, at first IPv4. */
  ipFamilies?: string | undefined
  /** No Service gets external IPs. */
  denyExternalIps?: boolean
  hosts: readonly string[]
  /** undefined: nothing is recorded. */
  audit?: AuditOptions | undefined
  logLevel: LogLevel
  /** Of the store; only for tests and drills. */
  faults?: Faults
}

/** SIGTERM must end within 10 s (the outside contract): open requests get most of that. */
const GRACE_MS = 5_000
const FORCED_EXIT_MS = 9_000
const STOP_GRACE_SECONDS = 3

/** Most of the program is loaded while other threads work at what it stands on. */
async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const [foundations, { buildOn }] = await Promise.all([layFoundations(options), loadControlPlane()])
  return buildOn(foundations, options)
}

/** In pieces: loading one holds up everything, and in between keys and certificates take their next steps. */
async function loadControlPlane() {
  await import('@brume/api/kinds/builtin')
  await new Promise(setImmediate)
  await import('@brume/apiserver/server')
  await new Promise(setImmediate)
  await import('@brume/controllers/first')
  await new Promise(setImmediate)
  return import('../control-plane.ts')
}

/** Resolves with the exit code when the cloud has stopped. Throws UserError when it cannot start. */
export async function up(options: UpOptions): Promise<number> {
  const { host, port } = parseListen(options.listen)
  const acme = acmeSettings(options.acme ?? {})
  const dir = dataDirAt(options.dataDir)
  const early = await decideRanges(options, dir)
  const audit = options.audit && (await auditSettings(dir.auditLog, options.audit))
  if (!options.noNode) {
    const { prepareMachine } = await import('../prepare-machine.ts')
    const ports = runningIn(dir) === undefined ? wantedPorts(host, port) : []
    await prepareMachine({
      dataDir: dir.root,
      nodeName: options.nodeName,
      ports,
      encryption: options.encryption,
      say,
    })
  }
  ensureDataDir(dir)
  const logger = openLog(dir.log, options.logLevel)
  const stopped = untilSignal()
  let url = ''
  const ranges = early ?? (await decideRanges(options, dir))
  assert(ranges !== undefined, 'the machine is prepared: its routes can be seen')
  keepRanges(dir, ranges)
  const podRanges = podRangesOf(ranges)
  const serviceRanges = serviceRangesOf(ranges)
  const wanted: ControlPlaneOptions = {
    dir,
    podRanges,
    host,
    port,
    hosts: options.hosts,
    serviceRanges,
    denyExternalIps: options.denyExternalIps,
    logger,
    audit,
    onRenewed: (pki) => url !== '' && writeAtomically(dir.kubeconfig, adminKubeconfig(pki, url)),
    faults: options.faults,
  }
  const plane = await startControlPlane(wanted).catch((error) => {
    throw explain(error, options)
  })
  url = plane.url
  announce(plane, dir)
  const starting = options.noNode
    ? undefined
    : startNode(options, {
        dir,
        plane,
        logger,
        serviceRange: ranges.serviceRange,
        rangesAreGiven: podRanges !== undefined,
      })
  const usable = Promise.all([plane.ready, starting?.then(({ node }) => node.registered)])
  const edge = options.noNode ? undefined : startEdge(options, { dir, plane, logger, acme, podRanges })
  const refusal = starting?.then(({ refused }) => refused)
  const first = await Promise.race([usable.then(() => announceReady(dir)), stopped, refusal])
  if (first instanceof UserError) {
    await stopAll()
    throw first
  }
  const signal = await stopped
  logger.info('stopping', { signal })
  setTimeout(() => {
    logger.error('could not stop in time; ending now, acknowledged writes are safe')
    process.exit(1)
  }, FORCED_EXIT_MS).unref()
  await stopAll()
  if (options.stopWorkloads === true) await endWorkloads(dir, STOP_GRACE_SECONDS)
  return 0

  async function stopAll(): Promise<void> {
    rmSync(dir.running, { force: true })
    await (await edge)?.close()
    await (await starting)?.node.close()
    await plane.close(GRACE_MS)
  }
}
