// Just enough of an etcd client to write keys: gRPC (HTTP/2, one connection as Go's client has it) with the one
// message encoded by hand, so that no gateway and no library stand between.

import { type ClientHttp2Session, connect } from 'node:http2'

/** PutRequest of etcd's rpc.proto: `bytes key = 1; bytes value = 2;`. */
const KEY_TAG = 0x0a
const VALUE_TAG = 0x12

const GRPC_OK = '0'

export class EtcdClient {
  readonly #session: ClientHttp2Session

  constructor(url: string) {
    this.#session = connect(url)
    // A session that breaks fails its streams too, and those report it.
    this.#session.on('error', () => {})
  }

  /** Resolves when etcd has acknowledged the write as durable. */
  put(key: string, value: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': '/etcdserverpb.KV/Put',
        'content-type': 'application/grpc',
        te: 'trailers',
      })
      let status: unknown
      let why: unknown
      const note = (headers: { [name: string]: unknown }) => {
        status = headers['grpc-status'] ?? status
        why = headers['grpc-message'] ?? why
      }
      stream.on('response', note)
      stream.on('trailers', note)
      stream.on('error', reject)
      stream.on('close', () => {
        if (status === GRPC_OK) resolve()
        else reject(new Error(`etcd answered gRPC status ${status}: ${why}`))
      })
      stream.resume()
      stream.end(frame(putRequest(Buffer.from(key), value)))
    })
  }

  close(): void {
    this.#session.destroy()
  }
}

function putRequest(key: Buffer, value: Buffer): Buffer {
  return Buffer.concat([tagged(KEY_TAG, key), key, tagged(VALUE_TAG, value), value])
}

function tagged(tag: number, field: Buffer): Buffer {
  return Buffer.from([tag, ...varint(field.byteLength)])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}

/** A gRPC message: not compressed, and its length. */
function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.byteLength, 1)
  return Buffer.concat([head, message])
}
