// exec, attach and port forwarding: the container runtime gives a URL, and the client's connection is joined to what
// listens there. SPDY goes through as it is; WebSockets end here.

import { relay } from '@brume/base/streams/relay'
import { askUpgrade, readText, switchingHead, type UpgradeAnswer } from '@brume/base/streams/upgrade'
import type { Cri } from '../cri/cri.ts'
import { AgentError } from './agent-error.ts'
import {
  containerSpec,
  type NodePods,
  type PodName,
  podNamed,
  readySandbox,
  runningContainer,
} from './pods.ts'
import { dialSpdy } from './spdy/dial.ts'
import { type CommandStreams, commandStreams, portsOf } from './stream-query.ts'
import { acceptWebSocket, type WebSocketOffer } from './websocket/accept.ts'
import { serveCommand } from './websocket/command.ts'
import { servePorts } from './websocket/ports.ts'
import {
  COMMAND_PROTOCOLS,
  chooseProtocol,
  offeredProtocols,
  PORT_PROTOCOLS,
  TUNNEL_PROTOCOL,
} from './websocket/protocols.ts'
import { tunnel } from './websocket/tunnel.ts'

export interface StreamParts {
  pods: NodePods
  cri: Pick<Cri, 'exec' | 'attach' | 'portForward' | 'listContainers' | 'listPodSandboxes'>
}

/** A connection that asks for another protocol. */
export type StreamOffer = WebSocketOffer & { pod: PodName; query: URLSearchParams }

export type StreamHandler = (parts: StreamParts, offer: StreamOffer, container: string) => Promise<void>

const RUNTIME_ANSWER_MS = 30_000
const MAX_ERROR_BYTES = 64 * 1024
const COMMAND_STREAMS = 'v4.channel.k8s.io'
const PORT_STREAMS = 'portforward.k8s.io'
const SPDY_PROTOCOL_HEADER = 'x-stream-protocol-version'

/** Throws AgentError, or what the runtime says, before the client was answered. Resolves when the stream has ended. */
export const serveExec: StreamHandler = async ({ pods, cri }, offer, container) => {
  const streams = commandStreams(offer.query)
  const pod = podNamed(pods, offer.pod)
  const containerId = await runningContainer(cri, pod, container)
  const cmd = offer.query.getAll('command')
  await serve(offer, streams, await cri.exec({ containerId, cmd, ...streams }))
}

export const serveAttach: StreamHandler = async ({ pods, cri }, offer, container) => {
  const asked = commandStreams(offer.query)
  const pod = podNamed(pods, offer.pod)
  const spec = containerSpec(pod, container)
  const containerId = await runningContainer(cri, pod, container)
  // Whether there is a terminal was decided when the container was made.
  const tty = spec?.tty === true
  const streams = { ...asked, tty, stderr: asked.stderr && !tty }
  await serve(offer, streams, await cri.attach({ containerId, ...streams }))
}

export const servePortForward: StreamHandler = async ({ pods, cri }, offer) => {
  const pod = podNamed(pods, offer.pod)
  const offered = offeredProtocols(offer.message.headers['sec-websocket-protocol'])
  const byChannels = isWebSocket(offer) && !offered.includes(TUNNEL_PROTOCOL)
  const ports = byChannels ? portsOf(offer.query) : []
  const protocol = byChannels ? chooseProtocol(offered, PORT_PROTOCOLS) : undefined
  const podSandboxId = await readySandbox(cri, pod)
  const url = await cri.portForward({ podSandboxId, port: ports })
  if (!isWebSocket(offer)) return relaySpdy(offer, url)
  if (protocol === undefined) return serveTunnel(offer, url)
  const connection = await dialSpdy(url, PORT_STREAMS)
  const ws = await accepted(offer, protocol.name, () => connection.destroy())
  await servePorts(ws, protocol, { connection, ports })
}

async function serve(offer: StreamOffer, streams: CommandStreams, url: string): Promise<void> {
  if (!isWebSocket(offer)) return relaySpdy(offer, url)
  const offered = offeredProtocols(offer.message.headers['sec-websocket-protocol'])
  const protocol = chooseProtocol(offered, COMMAND_PROTOCOLS)
  const connection = await dialSpdy(url, COMMAND_STREAMS)
  const ws = await accepted(offer, protocol.name, () => connection.destroy())
  await serveCommand(ws, protocol, { connection, streams })
}

async function serveTunnel(offer: StreamOffer, url: string): Promise<void> {
  const answer = await askRuntime(url, { upgrade: ['SPDY/3.1'], [SPDY_PROTOCOL_HEADER]: [PORT_STREAMS] })
  if (!answer.upgraded) throw await refusal(answer)
  const ws = await accepted(offer, TUNNEL_PROTOCOL, () => answer.socket.destroy())
  await tunnel(ws, answer.socket, answer.head)
}

/** The client speaks SPDY with the runtime itself. */
async function relaySpdy({ message, socket, head }: StreamOffer, url: string): Promise<void> {
  const { upgrade, [SPDY_PROTOCOL_HEADER]: protocols = [] } = message.headersDistinct
  // Negotiated by header lines: several names in one line are one name to older servers.
  const names = protocols.flatMap((text) => text.split(',')).map((text) => text.trim())
  const answer = await askRuntime(url, { upgrade: upgrade ?? [], [SPDY_PROTOCOL_HEADER]: names })
  if (!answer.upgraded) throw await refusal(answer)
  socket.write(switchingHead(answer.message.headersDistinct))
  if (answer.head.length > 0) socket.write(answer.head)
  if (head.length > 0) answer.socket.write(head)
  await relay(socket, answer.socket)
}

function askRuntime(url: string, headers: Record<string, string[]>): Promise<UpgradeAnswer> {
  const http = process.getBuiltinModule('node:http')
  const told = { connection: 'Upgrade', ...headers }
  return askUpgrade(http.request(url, { method: 'POST', agent: false, headers: told }), RUNTIME_ANSWER_MS)
}

async function refusal({ message }: UpgradeAnswer): Promise<AgentError> {
  return new AgentError(message.statusCode ?? 500, (await readText(message, MAX_ERROR_BYTES)).trim())
}

async function accepted(offer: StreamOffer, protocol: string, undo: () => void) {
  try {
    return await acceptWebSocket(offer, protocol)
  } catch (error) {
    undo()
    throw error
  }
}

function isWebSocket({ message }: { message: { headers: { upgrade?: string | undefined } } }): boolean {
  return message.headers.upgrade?.toLowerCase() === 'websocket'
}
