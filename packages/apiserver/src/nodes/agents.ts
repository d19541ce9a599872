// Requests to the agents of nodes, over mutual TLS. An agent shows a certificate of its node, signed by our CA, whatever
// address it has; the server shows the one certificate that agents listen to.

import type { ClientRequest, IncomingMessage } from 'node:http'
import { createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls'
import { StatusError } from '@brume/base/errors'
import { askUpgrade, type UpgradeAnswer } from '@brume/base/streams/upgrade'
import type { ObjectReader } from '../registry/reader.ts'
import { nodeAddress } from './address.ts'

export interface NodeCredentials {
  /** PEM. */
  ca: string
  certificate: string
  key: string
}

export interface AgentRequest {
  node: string
  method: string
  /** With the query. */
  path: string
  headers?: Readonly<Record<string, string | readonly string[]>>
  body?: Buffer
  signal?: AbortSignal
}

/** Where requests can be sent. */
export interface Backend {
  /** `host:port` */
  address: string
  /** A request that is not sent yet. */
  open(request: Omit<AgentRequest, 'node' | 'body'>): ClientRequest
  /** What to tell when it cannot be reached. */
  failed(error: Error): StatusError
}

export interface NodeAgents {
  /** Throws StatusError NotFound, or ServiceUnavailable when the node has told no address. */
  backend(node: string): Backend
  /** Resolves with the answer's head. Throws StatusError: NotFound (node), ServiceUnavailable (unreachable). */
  request(request: AgentRequest): Promise<IncomingMessage>
  /** The same, with the wish to change the protocol. */
  upgrade(request: AgentRequest): Promise<UpgradeAnswer>
}

const CONNECT_MS = 10_000
/** A node that vanished without a word is noticed by the system's probes after this silence. */
const KEEP_ALIVE_MS = 60_000
/** Until the head of an answer: an agent may have to ask the container runtime. */
const ANSWER_MS = 60_000

export function nodeAgents({
  reader,
  credentials,
}: {
  reader: ObjectReader
  /** As they are now: they are renewed. */
  credentials(): NodeCredentials
}): NodeAgents {
  let known: { of: NodeCredentials; context: SecureContext } | undefined
  /** Reading the certificates costs as much as shaking hands with them. */
  const contextOf = (of: NodeCredentials): SecureContext => {
    if (known?.of.certificate !== of.certificate) {
      const { ca, certificate: cert, key } = of
      known = { of, context: createSecureContext({ ca, cert, key }) }
    }
    return known.context
  }
  const backend = (node: string): Backend => {
    const { host, port } = nodeAddress(reader, node)
    const secureContext = contextOf(credentials())
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    return {
      address,
      open({ method, path, headers = {}, signal }) {
        const options = {
          host,
          port,
          method,
          path,
          headers: { ...headers } as Record<string, string | string[]>,
          // A connection for each request: a kept one could belong to an agent that has gone, or to another node.
          agent: false as const,
          secureContext,
          servername: '',
          checkServerIdentity: (_: string, certificate: PeerCertificate) => wrongNode(node, certificate),
          ...(signal === undefined ? {} : { signal }),
        }
        const request = https().request(options)
        boundConnecting(request, 'secureConnect')
        return request
      },
      failed: (error) => unreachable(`node "${node}" at ${address}`, error),
    }
  }
  const open = (asked: AgentRequest) => {
    const { open, failed } = backend(asked.node)
    return { request: open(asked), failed }
  }
  return {
    backend,
    request(asked) {
      const { request, failed } = open(asked)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => request.destroy(new Error(`no answer within ${ANSWER_MS} ms`)),
          ANSWER_MS,
        )
        request.on('error', (error) => {
          clearTimeout(timer)
          reject(failed(error))
        })
        request.once('response', (message) => {
          clearTimeout(timer)
          message.on('error', () => {})
          resolve(message)
        })
        request.end(asked.body)
      })
    },
    async upgrade(asked) {
      const { request, failed } = open(asked)
      try {
        return await askUpgrade(request, ANSWER_MS)
      } catch (error) {
        throw failed(error as Error)
      }
    },
  }
}

/** `event`: of the socket when it can be used. */
export function boundConnecting(request: ClientRequest, event: 'connect' | 'secureConnect'): void {
  request.once('socket', (socket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    const tooLong = () => request.destroy(new Error(`no connection within ${CONNECT_MS} ms`))
    const timer = setTimeout(tooLong, CONNECT_MS)
    socket.once(event, () => clearTimeout(timer))
    socket.once('close', () => clearTimeout(timer))
  })
}

/** Only when a node is first asked: a control plane without nodes never needs an HTTP client. */
const https = () => process.getBuiltinModule('node:https')

function wrongNode(node: string, { subject }: PeerCertificate): Error | undefined {
  const { CN, O: organization } = subject ?? {}
  if (CN === `system:node:${node}` && organization === 'system:nodes') return undefined
  return new Error(`its certificate is of ${String(CN)}, not of system:node:${node}`)
}

export function unreachable(what: string, error: Error): StatusError {
  const message = `error dialing backend: ${what}: ${error.message}`
  return new StatusError('ServiceUnavailable', message, {}, { cause: error })
}
