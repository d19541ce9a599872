// `brume join`: this machine as a further node of a cloud: the agent alone, in the foreground until SIGTERM or SIGINT.

import { rmSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { systemClock } from '@brume/base/clock'
import { EXIT_USAGE } from '@brume/base/command-line'
import type { Logger, LogLevel } from '@brume/base/log'
import type { Transport } from '@brume/client/transport'
import { type NodeAgent, startNodeAgent } from '@brume/node/agent/agent'
import type { EvictionSettings } from '@brume/node/eviction/thresholds'
import type { Encryption } from '@brume/node/network/encryption'
import { RuntimeError } from '@brume/node/runtime/error'
import { dataDirAt, ensureDataDir } from '../data-dir.ts'
import { say, untilSignal } from '../foreground.ts'
import { openLog } from '../log-file.ts'
import { prepareMachine } from '../prepare-machine.ts'
import { renewedAgent } from '../renewed-agent.ts'
import { runningIn, writeRunning } from '../running.ts'
import { collectStartGarbage } from '../start-garbage.ts'
import { UserError } from '../user-error.ts'
import { certificatePaths, hasCertificate } from './certificates.ts'
import { type CloudConnection, connectToCloud } from './connection.ts'
import { type EnrolOptions, enrol } from './enrol.ts'
import { type Joined, readJoined } from './joined.ts'
import { isMember, noticeRemoval } from './membership.ts'

/** `server` is absent for the cloud that this machine has joined before. */
export interface JoinOptions extends EnrolOptions {
  dataDir: string
  cniConfDir?: string | undefined
  /** Of what goes to other nodes. */
  encryption?: Encryption | undefined
  /** When pods have to go. */
  eviction?: EvictionSettings
  logLevel: LogLevel
}

interface Place {
  root: string
  pki: string
}

const FORCED_EXIT_MS = 9_000

/** Resolves with the exit code when the agent has stopped; containers go on. Throws UserError. */
export async function joinCloud(options: JoinOptions): Promise<number> {
  const dir = dataDirAt(options.dataDir)
  await prepareMachine({
    dataDir: dir.root,
    nodeName: options.nodeName,
    ports: [],
    encryption: options.encryption,
    say,
  })
  ensureDataDir(dir)
  const logger = openLog(dir.log, options.logLevel)
  const stopped = untilSignal()
  const other = runningIn(dir)
  if (other !== undefined) {
    throw new UserError(
      `${dir.root} is in use by process ${other.pid}`,
      `./brume down --data-dir ${dir.root}`,
    )
  }
  const place = { root: dir.root, pki: joinPath(dir.root, 'node', 'pki') }
  const removed = Promise.withResolvers<UserError>()
  const onRemoved = (joined: Joined) => removed.resolve(removal(joined, place))
  const waiting = new AbortController()
  const becoming = becomeMember(options, place, { signal: waiting.signal, onRemoved })
  const member = await Promise.race([becoming, stopped])
  if (typeof member === 'string') {
    waiting.abort()
    return 0
  }
  const { joined } = member
  const agent = await runAgent(member, { options, place, logger })
  writeRunning(dir, joined.server)
  process.stdout.write(`api: ${joined.server}\nnode: ${joined.nodeName}\n`)
  collectStartGarbage(agent.registered.then(() => {}))
  const end = Promise.race([stopped, removed.promise])
  await Promise.race([agent.registered.then(() => process.stdout.write('ready\n')), end])
  const why = await end
  if (why instanceof UserError) logger.error(why.message)
  else logger.info('stopping', { signal: why })
  setTimeout(() => process.exit(1), FORCED_EXIT_MS).unref()
  rmSync(dir.running, { force: true })
  await agent.close()
  if (why instanceof UserError) throw why
  return 0
}

interface Member {
  joined: Joined
  connection: CloudConnection
}

/** By what the machine remembers, or by the token when it remembers nothing that still counts. Throws UserError. */
async function becomeMember(
  options: JoinOptions,
  place: Place,
  { signal, onRemoved }: { signal: AbortSignal; onRemoved(joined: Joined): void },
): Promise<Member> {
  const before = readJoined(place.root)
  const isSame = options.server === undefined || options.server === before?.server
  let joined: Joined | undefined
  if (before !== undefined && isSame && hasCertificate(place.pki, systemClock.now())) {
    const belongs = await stillBelongs(before, place, signal)
    if (!belongs && options.token === undefined) throw removal(before, place)
    if (belongs) joined = before
  }
  joined ??= await enrol({ ...options, nodeName: options.nodeName ?? before?.nodeName }, place)
  const known = joined
  const around = (transport: Transport) => noticeRemoval(transport, () => onRemoved(known))
  return { joined, connection: connectToCloud(joined, { pki: place.pki, around }) }
}

async function stillBelongs(joined: Joined, { pki }: Place, signal: AbortSignal): Promise<boolean> {
  const { server, nodeName } = joined
  const { client } = connectToCloud(joined, { pki })
  const onSilent = (why: string) => say(`${why}; waiting for ${server}`)
  try {
    return await isMember(client, { nodeName, signal, onSilent })
  } finally {
    client.transport.close()
  }
}

async function runAgent(
  { joined: { server, nodeName }, connection }: Member,
  { options, place: { root, pki }, logger }: { options: JoinOptions; place: Place; logger: Logger },
): Promise<NodeAgent> {
  const { client, credentials } = connection
  const paths = certificatePaths(pki, 'client')
  try {
    const agent = await startNodeAgent({
      dataDir: root,
      nodeName,
      client,
      clock: systemClock,
      logger,
      credentials: await credentials(),
      registry: { url: server, ca: joinPath(pki, 'ca.crt'), certificate: paths.certificate, key: paths.key },
      cniConfDir: options.cniConfDir,
      eviction: options.eviction,
      rangesAreGiven: true,
      encryption: options.encryption,
      onRefused: (message) => logger.error(message),
    })
    return renewedAgent(agent, {
      renew: credentials,
      disconnect: () => client.transport.close(),
      logger,
    })
  } catch (error) {
    throw error instanceof RuntimeError ? new UserError(error.message, error.next, { cause: error }) : error
  }
}

/** Exit code 2: a service that ends so is not started again (RestartPreventExitStatus). */
function removal({ nodeName, server }: Joined, { root }: Place): UserError {
  return new UserError(
    `node ${nodeName} was removed from the cloud at ${server}`,
    `./brume reset --data-dir ${root}   (ends its containers; to come back, then: ./brume node token on the first machine)`,
    { exitCode: EXIT_USAGE },
  )
}
