// HTTP/1.1's change of protocol (RFC 9110, 7.8) from the client's side, and the head that tells of it.

import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

export type UpgradeAnswer =
  | { upgraded: true; message: IncomingMessage; socket: Socket; head: Buffer }
  /** The server answered plainly instead; the body of `message` is still to be read. */
  | { upgraded: false; message: IncomingMessage }

export type HeaderLists = Readonly<Record<string, readonly string[] | undefined>>

/** Sends the request. Rejects with the system's error, or when no answer comes in time. */
export function askUpgrade(request: ClientRequest, timeoutMs: number): Promise<UpgradeAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      request.destroy(new Error(`no answer within ${timeoutMs} ms`))
    }, timeoutMs)
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    request.once('upgrade', (message, socket, head) => {
      clearTimeout(timer)
      socket.on('error', () => {})
      resolve({ upgraded: true, message, socket: socket as Socket, head })
    })
    request.once('response', (message) => {
      clearTimeout(timer)
      message.on('error', () => {})
      resolve({ upgraded: false, message })
    })
    request.end()
  })
}

/** The head of an answer 101. Header values come from a parser, so they hold no line breaks. */
export function switchingHead(headers: HeaderLists): string {
  const lines = Object.entries(headers).flatMap(([name, values = []]) =>
    values.map((value) => `${name}: ${value}\r\n`),
  )
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`
}

const TEXT_MS = 10_000

/** As much of a body as a person will read, or as comes in time. */
export async function readText(message: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  const timer = setTimeout(() => message.destroy(), TEXT_MS)
  try {
    for await (const chunk of message) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= maxBytes) break
    }
  } catch {
    // Cut off: what came is told.
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString()
}
