// The agent's HTTPS port: logs, streams into containers, figures. All of it is for one client, the API server, which has
// checked who asks and whether they may; figures also for others whom it vouches for. The paths are the kubelet's.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Cri } from '../cri/cri.ts'
import { containerEnds } from '../logs/ended.ts'
import type { Access, Asker } from './access.ts'
import { AgentError } from './agent-error.ts'
import { type AgentDocument, answerDocument } from './documents.ts'
import { serveLog } from './logs.ts'
import type { NodePods } from './pods.ts'
import { refuse, refuseUpgrade, toldOf } from './refuse.ts'
import { routeOf } from './routes.ts'
import { serveRun } from './run.ts'
import { type StreamHandler, serveAttach, serveExec, servePortForward } from './streams.ts'

export interface NodeServerOptions {
  host: string
  /** 0: any free one. */
  port: number
  /** PEM; of system:node:NAME. */
  key: string
  certificate: string
  /** PEM: the CA of the API server's certificate. */
  clientCa: string
  pods: NodePods
  cri: Cri
  clock: Clock
  logger: Logger
  /** Further paths with what they answer, e.g. `/stats/summary`, `/metrics`. */
  documents?: Readonly<Record<string, AgentDocument>>
  /** Of others than the API server to documents. Default: none. */
  access?: Access
}

export interface NodeServer {
  port: number
  /** New certificate for new connections. */
  renew(certificate: { key: string; certificate: string }): void
  /** Ends all streams; resolves when nothing is open. */
  close(): Promise<void>
}

/** The API server's, as its own PKI names it; nobody else can get the organization. */
const CLIENT = { name: 'kube-apiserver-kubelet-client', organization: 'system:masters' }
const HEAD_MS = 20_000
const HANDSHAKE_MS = 10_000
const KEEP_ALIVE_MS = 60_000
const MAX_CONNECTIONS = 5000

const STREAMS: Readonly<Record<string, StreamHandler>> = {
  exec: serveExec,
  attach: serveAttach,
  portForward: servePortForward,
}

/** The kubelet's, which firewalls between machines know; another one where it is taken, as by a second cloud. */
const USUAL_PORT = 10_250

export async function startOnUsualPort(options: Omit<NodeServerOptions, 'port'>): Promise<NodeServer> {
  try {
    return await startNodeServer({ ...options, port: USUAL_PORT })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return startNodeServer({ ...options, port: 0 })
  }
}

/** Rejects with the system's error, e.g. EADDRINUSE. */
export async function startNodeServer(options: NodeServerOptions): Promise<NodeServer> {
  const { logger, pods, cri, clock } = options
  const https = process.getBuiltinModule('node:https')
  const tls = {
    ca: options.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
  } as const
  const server = https.createServer({
    ...tls,
    key: options.key,
    cert: options.certificate,
    handshakeTimeout: HANDSHAKE_MS,
    headersTimeout: HEAD_MS,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  })
  server.maxConnections = MAX_CONNECTIONS
  const sockets = new Set<Socket>()
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', (error, socket) => {
    logger.debug('TLS handshake failed', { error: error.message })
    socket.destroy()
  })
  const log = { pods, cri, clock, ends: containerEnds(cri, clock) }
  const documents = options.documents ?? {}

  const admit = async (message: IncomingMessage, path: string) => {
    const asker = askerOf(message)
    if (isApiServer(asker)) return
    if (options.access === undefined) refuseOthers(message)
    else await options.access.check(asker, path)
  }
  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const route = routeOf(message)
    if (route.type === 'document') await admit(message, route.path)
    else refuseOthers(message)
    if (route.type === 'log') return serveLog(log, route, response)
    if (route.type === 'run') return serveRun({ pods, cri }, route, response)
    if (route.type === 'document') return answerDocument(documents, { pods, path: route.path }, response)
    throw new AgentError(400, 'Upgrade request required')
  }
  const join = async (message: IncomingMessage, socket: Socket, head: Buffer) => {
    refuseOthers(message)
    const route = routeOf(message)
    if (route.type !== 'stream') throw new AgentError(400, 'this path knows no other protocol')
    const { pod, query, verb, container } = route
    await STREAMS[verb]!({ pods, cri }, { message, socket, head, pod, query }, container)
  }

  server.on('request', (message, response) => {
    response.on('error', () => {})
    answer(message, response).catch((error) => refuse(response, toldOf(error, logger)))
  })
  server.on('upgrade', (message, socket, head) => {
    socket.on('error', () => {})
    join(message, socket as Socket, head).catch((error) => refuseUpgrade(socket, toldOf(error, logger)))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', (error) => logger.error('the node server failed', { error: error.message }))
  return {
    port: (server.address() as AddressInfo).port,
    renew: ({ key, certificate }) => server.setSecureContext({ ...tls, key, cert: certificate }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function refuseOthers(message: IncomingMessage): void {
  if (isApiServer(askerOf(message))) return
  throw new AgentError(403, "Forbidden: this is the API server's; ask it instead")
}

function isApiServer({ certificate }: Asker): boolean {
  return certificate?.name === CLIENT.name && certificate.groups.join() === CLIENT.organization
}

/** A certificate of another CA is none. */
function askerOf({ socket, headers }: IncomingMessage): Asker {
  const tls = socket as TLSSocket
  const subject = tls.authorized ? tls.getPeerCertificate().subject : undefined
  const token = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  if (subject?.CN === undefined) return { token }
  const { CN: name, O: groups = [] } = subject as { CN: string; O?: string | string[] }
  return { token, certificate: { name, groups: [groups].flat() } }
}
