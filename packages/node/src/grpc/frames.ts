// Messages of gRPC on an HTTP/2 stream: a flag for compression (never used here) and a length before each. Source:
// grpc.io, "gRPC over HTTP2".

import type { IncomingHttpHeaders } from 'node:http2'
import { GRPC_STATUS } from './status.ts'

const HEAD_BYTES = 5

export interface GrpcEnd {
  code: number
  message: string
}

export function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(HEAD_BYTES + message.length)
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, HEAD_BYTES)
  return frame
}

/** Puts together what arrives in pieces. Throws for a message that is compressed or longer than `maxBytes`. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  read(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const messages: Buffer[] = []
    while (this.#rest.length >= HEAD_BYTES) {
      const length = this.#rest.readUInt32BE(1)
      if (this.#rest[0] !== 0) throw new Error('the answer is compressed, which was not asked for')
      if (length > this.#maxBytes)
        throw new Error(`the answer has ${length} bytes, more than ${this.#maxBytes}`)
      if (this.#rest.length < HEAD_BYTES + length) break
      messages.push(Buffer.from(this.#rest.subarray(HEAD_BYTES, HEAD_BYTES + length)))
      this.#rest = this.#rest.subarray(HEAD_BYTES + length)
    }
    return messages
  }
}

/** undefined: these headers do not end a call. */
export function endOf(headers: IncomingHttpHeaders): GrpcEnd | undefined {
  const status = headers['grpc-status']
  if (status === undefined) return undefined
  const code = Number(status)
  return {
    code: Number.isInteger(code) ? code : GRPC_STATUS.unknown,
    message: unescaped(String(headers['grpc-message'] ?? '')),
  }
}

/** grpc-message is percent-encoded; one that is not stays as it is. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
