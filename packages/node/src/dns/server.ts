// The node's DNS server for its pods, over UDP and TCP (RFC 1035, RFC 7766). What cannot be read is not answered.

import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIPv6, type Socket } from 'node:net'
import type { Logger } from '@brume/base/log'
import { decode, type Packet } from 'dns-packet'
import { encodeForTcp, encodeForUdp } from './encode-answer.ts'
import type { Resolver } from './resolve.ts'
import { LARGEST_UDP_BYTES, optRecord } from './wire.ts'

export interface DnsServerOptions {
  host: string
  /** 0: any free one. */
  port: number
  resolve: Resolver
  logger: Logger
}

export interface DnsServer {
  port: number
  close(): Promise<void>
}

const MAX_UNDER_WAY = 2000
/** Of one client: more than it can have under way and waiting at other servers. */
const MAX_UNDER_WAY_EACH = 300
const MAX_CONNECTIONS = 200
/** Of one client: nobody else's are taken. */
const MAX_CONNECTIONS_EACH = 20
const IDLE_MS = 10_000
const PLAIN_UDP_BYTES = 512
/** BADVERS is 16: its low four bits are in the head of the packet. */
const BAD_VERSION_HIGH_BITS = 1

/** Rejects with the system's error, e.g. EADDRINUSE where another server has the port. */
export async function startDnsServer({ host, port, resolve, logger }: DnsServerOptions): Promise<DnsServer> {
  const udp = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', reuseAddr: true })
  let underWay = 0
  const underWayOf = new Map<string, number>()
  const answer = async (
    bytes: Buffer,
    client: string,
  ): Promise<{ query: Packet; packet: Packet } | undefined> => {
    const query = readQuery(bytes)
    const own = underWayOf.get(client) ?? 0
    if (query === undefined || underWay >= MAX_UNDER_WAY || own >= MAX_UNDER_WAY_EACH) return undefined
    underWay++
    underWayOf.set(client, own + 1)
    try {
      const packet = edns(query) === undefined ? await resolve(query, client) : await extended(query, client)
      return { query, packet }
    } finally {
      underWay--
      const left = underWayOf.get(client)! - 1
      if (left === 0) underWayOf.delete(client)
      else underWayOf.set(client, left)
    }
  }
  /** What speaks of the extension is answered in it (RFC 6891, section 6.1.1). */
  const extended = async (query: Packet, client: string): Promise<Packet> => {
    const isKnown = edns(query)!.ednsVersion === 0
    const { id = 0, questions = [] } = query
    const packet: Packet = isKnown ? await resolve(query, client) : { type: 'response', id, questions }
    return { ...packet, additionals: [optRecord(isKnown ? 0 : BAD_VERSION_HIGH_BITS)] }
  }
  const onDatagram = async (bytes: Buffer, from: RemoteInfo) => {
    const found = await answer(bytes, from.address)
    if (found !== undefined)
      udp.send(encodeForUdp(found.packet, udpLimit(found.query)), from.port, from.address)
  }
  udp.on('message', (bytes, from) => {
    onDatagram(bytes, from).catch((error) =>
      logger.debug('a name was not answered', { error: String(error) }),
    )
  })
  udp.on('error', (error) => logger.warn('the DNS server has trouble', { error: error.message }))
  udp.bind(port, host)
  await listening(udp)
  const bound = udp.address().port
  const sockets = new Map<Socket, string>()
  const tcp = createServer((socket) => {
    socket.on('error', () => {})
    const client = socket.remoteAddress ?? ''
    const others = [...sockets.values()].filter((other) => other === client)
    if (others.length >= MAX_CONNECTIONS_EACH) return void socket.destroy()
    sockets.set(socket, client)
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    const onFrame = async (bytes: Buffer) => {
      const found = await answer(bytes, client)
      if (found === undefined) socket.destroy()
      else await sent(socket, encodeForTcp(found.packet))
    }
    readFrames(socket, onFrame).catch(() => socket.destroy())
  })
  tcp.maxConnections = MAX_CONNECTIONS
  try {
    tcp.listen(bound, host)
    await once(tcp, 'listening')
  } catch (error) {
    udp.close()
    throw error
  }
  return {
    port: bound,
    async close() {
      for (const socket of sockets.keys()) socket.destroy()
      udp.close()
      await new Promise((resolve) => tcp.close(resolve))
    },
  }
}

async function listening(udp: ReturnType<typeof createSocket>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    udp.once('listening', resolve)
    udp.once('error', reject)
  })
}

function readQuery(bytes: Buffer): Packet | undefined {
  try {
    const packet = decode(bytes)
    return packet.type === 'query' ? packet : undefined
  } catch {
    return undefined
  }
}

interface Edns {
  udpPayloadSize: number
  ednsVersion: number
}

function edns({ additionals = [] }: Packet): Edns | undefined {
  return additionals.find((record) => record.type === 'OPT')
}

/** What the client said that it takes (RFC 6891, section 6.2.5). */
function udpLimit(query: Packet): number {
  const told = edns(query)?.udpPayloadSize ?? PLAIN_UDP_BYTES
  return Math.min(Math.max(told, PLAIN_UDP_BYTES), LARGEST_UDP_BYTES)
}

/** Frames of two bytes of length and a message; one after the other, and no further ones are read meanwhile. */
async function readFrames(socket: Socket, onFrame: (bytes: Buffer) => Promise<void>): Promise<void> {
  let rest = Buffer.alloc(0)
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 2 && rest.length >= rest.readUInt16BE(0) + 2) {
      const end = rest.readUInt16BE(0) + 2
      const frame = Buffer.from(rest.subarray(2, end))
      rest = rest.subarray(end)
      await onFrame(frame)
      if (socket.destroyed) return
    }
  }
}

/** Resolves when there is room for more: who does not read its answers is asked for no more questions. */
async function sent(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return
  await new Promise<void>((resolve) => {
    const go = () => {
      socket.off('drain', go).off('close', go)
      resolve()
    }
    socket.on('drain', go).on('close', go)
  })
}
