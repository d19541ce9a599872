// The subprotocols of Kubernetes' WebSockets: how channels are written, and how a command's end is told.

import { AgentError } from '../agent-error.ts'

export interface ChannelProtocol {
  /** '' for clients that ask for none. */
  name: string
  encoding: 'binary' | 'base64'
  /** Of the error channel: a Status, also of success, or the text of a failure. */
  status: 'json' | 'text'
  /** Knows the message that closes a channel. */
  closes: boolean
}

const V5: ChannelProtocol = { name: 'v5.channel.k8s.io', encoding: 'binary', status: 'json', closes: true }
const V4: ChannelProtocol = { name: 'v4.channel.k8s.io', encoding: 'binary', status: 'json', closes: false }
const V4_BASE64: ChannelProtocol = { ...V4, name: 'v4.base64.channel.k8s.io', encoding: 'base64' }
const V1: ChannelProtocol = { name: 'channel.k8s.io', encoding: 'binary', status: 'text', closes: false }
const V1_BASE64: ChannelProtocol = { ...V1, name: 'base64.channel.k8s.io', encoding: 'base64' }
const NONE: ChannelProtocol = { ...V1, name: '' }

export const COMMAND_PROTOCOLS: readonly ChannelProtocol[] = [V5, V4, V4_BASE64, V1, V1_BASE64, NONE]
export const PORT_PROTOCOLS: readonly ChannelProtocol[] = [V4, V4_BASE64, NONE]

/** SPDY frames as binary messages. */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io'

/** The names in a Sec-WebSocket-Protocol header. */
export function offeredProtocols(header: string | undefined): string[] {
  const names = (header ?? '').split(',').map((name) => name.trim())
  return names.filter((name) => name !== '')
}

/** The client's first choice among those known. Throws AgentError. */
export function chooseProtocol(
  offered: readonly string[],
  known: readonly ChannelProtocol[],
): ChannelProtocol {
  const names = offered.length === 0 ? [''] : offered
  for (const name of names) {
    const found = known.find((protocol) => protocol.name === name)
    if (found !== undefined) return found
  }
  throw new AgentError(400, `unable to upgrade: none of the protocols is known: ${names.join(', ')}`)
}
