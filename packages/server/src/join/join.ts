// `brume join`: this machine as a further node of a cloud: the agent alone, in the foreground until SIGTERM or SIGINT.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { systemClock } from '@brume/base/clock'
import type { Logger, LogLevel } from '@brume/base/log'
import { Client } from '@brume/client/client'
import { certificateCredentials, tokenCredentials } from '@brume/client/credentials'
import { HttpTransport } from '@brume/client/http-transport'
import { type NodeAgent, startNodeAgent } from '@brume/node/agent/agent'
import { RuntimeError } from '@brume/node/runtime/error'
import { dataDirAt, ensureDataDir } from '../data-dir.ts'
import { say, untilSignal } from '../foreground.ts'
import { openLog } from '../log-file.ts'
import { defaultNodeName } from '../node-name.ts'
import { prepareMachine } from '../prepare-machine.ts'
import { runningIn } from '../running.ts'
import { UserError } from '../user-error.ts'
import {
  certificatePaths,
  keptCertificate,
  type NodeCertificate,
  requestCertificate,
} from './certificates.ts'
import { trustedCa } from './cluster-info.ts'

export interface JoinOptions {
  /** https://HOST:PORT; absent: the cloud that this machine has joined before. */
  server?: string | undefined
  token?: string | undefined
  caHash?: string | undefined
  dataDir: string
  nodeName?: string | undefined
  cniConfDir?: string | undefined
  logLevel: LogLevel
}

/** What is remembered of the cloud. */
interface Joined {
  server: string
  nodeName: string
}

const RENEW_EVERY_MS = 24 * 3600_000
const FORCED_EXIT_MS = 9_000
const HOW = 'on the first machine, ask for the whole command: ./brume node token'

/** Resolves with the exit code when the agent has stopped; containers go on. Throws UserError. */
export async function joinCloud(options: JoinOptions): Promise<number> {
  const dir = dataDirAt(options.dataDir)
  await prepareMachine({ dataDir: dir.root, nodeName: options.nodeName, ports: [], say })
  ensureDataDir(dir)
  const pki = joinPath(dir.root, 'node', 'pki')
  mkdirSync(pki, { recursive: true, mode: 0o700 })
  const logger = openLog(dir.log, options.logLevel)
  const stopped = untilSignal()
  const other = runningIn(dir)
  if (other !== undefined) {
    throw new UserError(
      `${dir.root} is in use by process ${other.pid}`,
      `./brume down --data-dir ${dir.root}`,
    )
  }
  const joined = await enrol(options, { root: dir.root, pki })
  const agent = await runAgent(joined, { options, root: dir.root, pki, logger })
  writeFileSync(dir.running, `${JSON.stringify({ pid: process.pid, url: joined.server })}\n`, { mode: 0o600 })
  process.stdout.write(`api: ${joined.server}\nnode: ${joined.nodeName}\n`)
  await Promise.race([agent.registered.then(() => process.stdout.write('ready\n')), stopped])
  logger.info('stopping', { signal: await stopped })
  setTimeout(() => process.exit(1), FORCED_EXIT_MS).unref()
  rmSync(dir.running, { force: true })
  await agent.close()
  return 0
}

/** Once: the cloud's CA and a certificate for this node, by the token. */
async function enrol(options: JoinOptions, { root, pki }: { root: string; pki: string }): Promise<Joined> {
  const path = joinPath(root, 'joined.json')
  const before: Joined | undefined = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
  const known = before !== undefined && keptCertificate(pki, 'client', systemClock.now()) !== undefined
  if (known && (options.server === undefined || options.server === before.server)) return before
  const { server, token, caHash } = options
  if (server === undefined || token === undefined || caHash === undefined) {
    throw new UserError('joining wants the address of the cloud, a --token and its --ca-hash', HOW)
  }
  const caPem = await trustedCa(server, caHash)
  writeFileSync(joinPath(pki, 'ca.crt'), caPem, { mode: 0o644 })
  const nodeName = options.nodeName ?? before?.nodeName ?? defaultNodeName()
  const transport = new HttpTransport({ server, ca: caPem, credentials: tokenCredentials(token) })
  try {
    const client = new Client({ transport })
    await requestCertificate(client, { dir: pki, use: 'client', nodeName, clock: systemClock })
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError(`the cloud does not take the token: ${(cause as Error).message}`, HOW, { cause })
  } finally {
    transport.close()
  }
  const joined = { server, nodeName }
  writeFileSync(path, JSON.stringify(joined), { mode: 0o600 })
  return joined
}

async function runAgent(
  { server, nodeName }: Joined,
  { options, root, pki, logger }: { options: JoinOptions; root: string; pki: string; logger: Logger },
): Promise<NodeAgent> {
  const clock = systemClock
  const ca = readFileSync(joinPath(pki, 'ca.crt'), 'utf8')
  let own = keptCertificate(pki, 'client', 0)!
  const credentials = {
    ...certificateCredentials({}),
    certificate: async () => ({ certificatePem: own.certificatePem, keyPem: own.keyPem }),
  }
  const client = new Client({ transport: new HttpTransport({ server, ca, credentials }), clock })
  const certificate = async (use: 'client' | 'serving'): Promise<NodeCertificate> =>
    keptCertificate(pki, use, clock.now()) ?? requestCertificate(client, { dir: pki, use, nodeName, clock })
  const serving = await certificate('serving')
  const paths = certificatePaths(pki, 'client')
  try {
    const agent = await startNodeAgent({
      dataDir: root,
      nodeName,
      client,
      clock,
      logger,
      credentials: { ca, certificate: serving.certificatePem, key: serving.keyPem },
      registry: { url: server, ca: joinPath(pki, 'ca.crt'), certificate: paths.certificate, key: paths.key },
      cniConfDir: options.cniConfDir,
      rangesAreGiven: true,
      onRefused: (message) => logger.error(message),
    })
    const renewal = setInterval(() => {
      renew()
        .then(({ certificatePem, keyPem }) =>
          agent.setCredentials({ ca, certificate: certificatePem, key: keyPem }),
        )
        .catch((error) => logger.error("the node's certificates could not be renewed", { error }))
    }, RENEW_EVERY_MS)
    renewal.unref()
    return {
      ...agent,
      async close() {
        clearInterval(renewal)
        await agent.close()
        client.transport.close()
      },
    }
  } catch (error) {
    throw error instanceof RuntimeError ? new UserError(error.message, error.next, { cause: error }) : error
  }

  async function renew(): Promise<NodeCertificate> {
    own = await certificate('client')
    return certificate('serving')
  }
}
