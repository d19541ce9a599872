// `brume up`: runs the cloud of this machine in the foreground until SIGTERM or SIGINT.

import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { AuditLogError } from '@brume/apiserver/audit/log/log'
import { PkiError } from '@brume/apiserver/auth/pki/files'
import { adminKubeconfig } from '@brume/apiserver/auth/pki/kubeconfig'
import { assert } from '@brume/base/assert'
import type { Logger, LogLevel } from '@brume/base/log'
import type { AcmeSettings } from '@brume/gateway/acme/controller'
import type { WantedPort } from '@brume/machine/checks/neighbours'
import type { NodeAgent } from '@brume/node/agent/agent'
import type { EvictionSettings } from '@brume/node/eviction/thresholds'
import type { Encryption } from '@brume/node/network/encryption'
import { RuntimeError } from '@brume/node/runtime/error'
import { StoreError } from '@brume/store/contract'
import type { Faults } from '@brume/store/sqlite/faults'
import { type AcmeFlags, acmeSettings } from './acme-settings.ts'
import { type AuditOptions, auditSettings } from './audit-settings.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { type DataDir, dataDirAt, ensureDataDir, keyFileNext } from './data-dir.ts'
import { DEFAULT_DOMAIN } from './defaults.ts'
import { say, untilSignal } from './foreground.ts'
import type { Edge } from './local-edge.ts'
import { openLog } from './log-file.ts'
import { decideRanges, keepRanges, podRangesOf, serviceRangesOf } from './ranges.ts'
import { runningIn } from './running.ts'
import { tryNext } from './try-next.ts'
import { UserError } from './user-error.ts'
import { endWorkloads } from './workloads.ts'

export interface UpOptions {
  dataDir: string
  listen: string
  noNode: boolean
  nodeName?: string | undefined
  podRange?: string | undefined
  /** A site's own CNI configuration. */
  cniConfDir?: string | undefined
  /** Of what goes to other nodes. */
  encryption?: Encryption
  /** When pods have to go. */
  eviction?: EvictionSettings
  stopWorkloads?: boolean
  /** Where the HTTP edge listens once there is an Ingress. */
  httpPorts?: { http: number; https: number }
  /** A line for each request of the edge. Default: true. */
  accessLog?: boolean
  /** Prometheus reads the edge's figures there. */
  edgeMetricsPort?: number | undefined
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
const HTTP_PORTS = { http: 80, https: 443 }

/** Resolves with the exit code when the cloud has stopped. Throws UserError when it cannot start. */
export async function up(options: UpOptions): Promise<number> {
  const { host, port } = parseListen(options.listen)
  const acme = acmeSettings(options.acme ?? {})
  const dir = dataDirAt(options.dataDir)
  const early = await decideRanges(options, dir)
  const audit = options.audit && (await auditSettings(dir.auditLog, options.audit))
  if (!options.noNode) {
    const { prepareMachine } = await import('./prepare-machine.ts')
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
  const plane = await startControlPlane({
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
  }).catch((error) => {
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

interface LocalNode {
  node: NodeAgent
  /** Another agent serves a node of this name. */
  refused: Promise<UserError | undefined>
}

/** What a containerless cloud never needs is not loaded for it. */
async function startNode(
  options: UpOptions,
  of: { dir: DataDir; plane: ControlPlane; logger: Logger; serviceRange: string; rangesAreGiven: boolean },
): Promise<LocalNode> {
  const { startLocalNode } = await import('./local-node.ts')
  const { nodeName, cniConfDir, eviction, httpPorts = HTTP_PORTS } = options
  const { promise: refused, resolve } = Promise.withResolvers<UserError | undefined>()
  try {
    const node = await startLocalNode({
      ...of,
      nodeName,
      cniConfDir,
      eviction,
      edgePorts: Object.values(httpPorts),
      encryption: options.encryption ?? 'auto',
      onRefused(message) {
        of.logger.error(message)
        resolve(new UserError(message, './brume up --node-name ANOTHER'))
      },
    })
    return { node, refused }
  } catch (error) {
    rmSync(of.dir.running, { force: true })
    await of.plane.close(0)
    throw error instanceof RuntimeError ? new UserError(error.message, error.next, { cause: error }) : error
  }
}

async function startEdge(
  { httpPorts = HTTP_PORTS, domain = DEFAULT_DOMAIN, accessLog = true, edgeMetricsPort }: UpOptions,
  of: {
    dir: DataDir
    plane: ControlPlane
    logger: Logger
    acme: AcmeSettings | undefined
    podRanges: readonly string[] | undefined
  },
): Promise<Edge | undefined> {
  const { startLocalEdge } = await import('./local-edge.ts')
  const { nodeAddress } = await import('@brume/node/registration/addresses')
  await of.plane.ready
  try {
    return await startLocalEdge({
      ...of,
      ports: httpPorts,
      domain,
      addresses: [nodeAddress()],
      accessLog,
      metricsPort: edgeMetricsPort,
    })
  } catch (error) {
    of.logger.error('the HTTP edge could not be started; everything else goes on', { error })
    return undefined
  }
}

/** Only where every address is meant: with one alone, the same port may be free. */
function wantedPorts(host: string, port: number): WantedPort[] {
  const everywhere = host === '' || host === '0.0.0.0' || host === '::'
  const next = './brume up --listen 0.0.0.0:7443   (a free port)'
  return everywhere ? [{ port, what: 'the API', next }] : []
}

function announce(plane: ControlPlane, dir: DataDir): void {
  writeAtomically(dir.kubeconfig, adminKubeconfig(plane.pki, plane.url))
  writeAtomically(dir.running, `${JSON.stringify({ pid: process.pid, url: plane.url })}\n`)
  process.stdout.write(`api: ${plane.url}\nconsole: ${plane.url}/\nkubeconfig: ${dir.kubeconfig}\n`)
}

/** For the owner alone, also where a file of the temporary name was left or laid before. */
function announceReady(dir: DataDir): void {
  process.stdout.write('ready\n')
  if (process.stdout.isTTY) process.stdout.write(tryNext(dir))
  // So that the next start is quick even if this process is killed. Does nothing when all of it is kept already.
  setImmediate(flushCompileCache)
}

function writeAtomically(path: string, text: string): void {
  rmSync(`${path}.new`, { force: true })
  writeFileSync(`${path}.new`, text, { mode: 0o600, flag: 'wx' })
  renameSync(`${path}.new`, path)
}

/** ADDR:PORT, [IPv6]:PORT. */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) {
    throw new UserError(`--listen ${text} is not ADDR:PORT`, './brume up --listen 127.0.0.1:6443', {
      exitCode: 2,
    })
  }
  return { host: match[1] ?? match[2] ?? '', port }
}

function explain(error: unknown, options: UpOptions): unknown {
  if (error instanceof StoreError)
    return new UserError(error.message, nextOf(error, options), { cause: error })
  if (error instanceof AuditLogError) {
    const next = 'mend the cause, or let nothing be recorded: ./brume up --no-audit'
    return new UserError(error.message, next, { cause: error })
  }
  if (error instanceof PkiError)
    return new UserError(error.message, 'see the message above', { cause: error })
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE') {
    return new UserError(
      `${options.listen} is in use by another program`,
      './brume up --listen 127.0.0.1:0   (any free port)',
      { cause: error },
    )
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new UserError(
      `cannot listen on ${options.listen}: ${code}`,
      './brume up --listen 127.0.0.1:6443',
      { cause: error },
    )
  }
  return error
}

function nextOf(error: StoreError, { dataDir }: UpOptions): string {
  switch (error.code) {
    case 'locked':
      return `./brume down --data-dir ${dataDir}   (or use another --data-dir)`
    case 'encryption-key':
      return keyFileNext(dataDirAt(dataDir))
    case 'corrupt':
      return `./brume restore BACKUP --data-dir ${dataDir}`
    case 'schema-version':
      return 'use the newer Brume that wrote it, or restore a backup of this version'
    default:
      return 'mend the cause (disk space, permissions), then run this again'
  }
}
