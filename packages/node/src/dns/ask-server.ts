// One question to one DNS server: over UDP, and over TCP when the answer does not fit (RFC 1035, RFC 7766).

import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { decode, encode, type Packet, streamDecode, streamEncode } from 'dns-packet'
import { TRUNCATED } from './wire.ts'

const DNS_PORT = 53

/** `server` is 192.0.2.1 or 192.0.2.1:5353 (IPv6: [::1]:5353). Throws when it gives no answer within `limitMs`. */
export async function askServer(server: string, query: Packet, limitMs: number): Promise<Packet> {
  const answer = await overUdp(server, query, limitMs)
  return ((answer.flags ?? 0) & TRUNCATED) === 0 ? answer : overTcp(server, query, limitMs)
}

function overUdp(server: string, query: Packet, limitMs: number): Promise<Packet> {
  const { host, port } = endpointOf(server)
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  let timer: NodeJS.Timeout | undefined
  return new Promise<Packet>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${server} gives no answer`)), limitMs)
    socket.on('error', reject)
    socket.on('message', (bytes) => {
      const answer = answerTo(query, () => decode(bytes))
      // Anything else is a stray, or a forgery: the real answer may still come.
      if (answer !== undefined) resolve(answer)
    })
    // Connected: only this server's packets come in.
    socket.connect(port, host, (error?: Error) => {
      if (error !== undefined && error !== null) reject(error)
      else socket.send(encode(query))
    })
  }).finally(() => {
    clearTimeout(timer)
    socket.close()
  })
}

function overTcp(server: string, query: Packet, limitMs: number): Promise<Packet> {
  const { host, port } = endpointOf(server)
  const socket = connect({ host, port })
  const chunks: Buffer[] = []
  let timer: NodeJS.Timeout | undefined
  return new Promise<Packet>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${server} gives no answer over TCP`)), limitMs)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`${server} closed the connection without an answer`)))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      const all = Buffer.concat(chunks)
      if (all.length < 2 || all.length < all.readUInt16BE(0) + 2) return
      const answer = answerTo(query, () => streamDecode(all))
      if (answer === undefined) reject(new Error(`${server} answers something else`))
      else resolve(answer)
    })
    socket.on('connect', () => socket.write(streamEncode(query)))
  }).finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}

/** undefined: it is no answer to this question. */
function answerTo(query: Packet, read: () => Packet): Packet | undefined {
  try {
    const packet = read()
    const [asked, told] = [query.questions![0]!, packet.questions?.[0]]
    const same = told?.type === asked.type && told.name.toLowerCase() === asked.name.toLowerCase()
    return packet.type === 'response' && packet.id === query.id && same ? packet : undefined
  } catch {
    return undefined
  }
}

function endpointOf(server: string): { host: string; port: number } {
  const match = /^\[(.+)\]:(\d+)$/.exec(server) ?? /^([^:]+):(\d+)$/.exec(server)
  return match === null ? { host: server, port: DNS_PORT } : { host: match[1]!, port: Number(match[2]) }
}
