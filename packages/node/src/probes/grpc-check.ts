// grpc: the standard health service says SERVING (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). One
// call on one HTTP/2 session that is destroyed afterwards, whatever the server does: a library's client keeps trying.

import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { readInt32, readUint32, skip, wireReader } from '@brume/api/codec/wire-reader'
import { WireWriter } from '@brume/api/codec/wire-writer'
import { connectionError } from './network-error.ts'
import { failure, type Outcome, success } from './outcome.ts'
import { hostPort } from './ports.ts'

const PATH = '/grpc.health.v1.Health/Check'
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const SERVING = 1
/** gRPC's codes by number, as Go writes them. */
const CODES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]
const DEADLINE_EXCEEDED = 4
const UNIMPLEMENTED = 12
/** A compressed flag and the message's length. */
const FRAME_BYTES = 5
const MAX_ANSWER_BYTES = 64 * 1024
const writer = new WireWriter()

export function checkGrpc(
  { host, port, service }: { host: string; port: number; service: string },
  timeoutMs: number,
): Promise<Outcome> {
  const address = hostPort(host, port)
  const within = `${timeoutMs / 1000}s`
  const session = connect(`http://${address}`)
  return new Promise((resolve) => {
    let isReady = false
    const end = (outcome: Outcome) => {
      clearTimeout(timer)
      session.destroy()
      resolve(outcome)
    }
    const timer = setTimeout(() => {
      const connecting = `failed to connect service ${JSON.stringify(address)} within ${within}`
      const what = isReady ? `health rpc did not complete within ${within}` : connecting
      end(failure(`timeout: ${what}${isReady ? '' : ': context deadline exceeded'}`))
    }, timeoutMs)
    session.once('error', (error) => {
      end(
        failure(
          `error: failed to connect service at ${JSON.stringify(address)}: ${connectionError(error, address)}`,
        ),
      )
    })
    // The server's own settings say that it speaks HTTP/2.
    session.once('remoteSettings', () => {
      isReady = true
      call(session, { service, timeoutMs }).then(
        (answer) => end(outcomeOf(answer, within)),
        (error: Error) => end(failure(`error: health rpc probe failed: ${error.message}`)),
      )
    })
  })
}

interface Answer {
  code: number
  message: string
  body: Buffer
}

function call(session: ClientHttp2Session, of: { service: string; timeoutMs: number }): Promise<Answer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'kube-probe/1.32',
    'grpc-timeout': `${of.timeoutMs}m`,
  })
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    // A refusal without a body carries its status in the headers, else the trailers do.
    let last: IncomingHttpHeaders = {}
    stream.once('response', (headers) => {
      last = headers
    })
    stream.once('trailers', (trailers) => {
      last = trailers
    })
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk)
      else stream.close()
    })
    stream.once('error', reject)
    stream.once('end', () => {
      const status = last['grpc-status']
      if (status === undefined) {
        reject(new Error(`unexpected HTTP status code received from server: ${last[':status'] ?? 'none'}`))
        return
      }
      const message = decodeURIComponentSafely(String(last['grpc-message'] ?? ''))
      resolve({ code: Number(status), message, body: Buffer.concat(chunks) })
    })
    stream.end(framed(encodeRequest(of.service)))
  })
}

function outcomeOf({ code, message, body }: Answer, within: string): Outcome {
  if (code === UNIMPLEMENTED) {
    const what = 'this server does not implement the grpc health protocol (grpc.health.v1.Health)'
    return failure(`error: ${what}: ${message}`)
  }
  if (code === DEADLINE_EXCEEDED) return failure(`timeout: health rpc did not complete within ${within}`)
  if (code !== 0) {
    const name = CODES[code] ?? `Code(${code})`
    return failure(`error: health rpc probe failed: rpc error: code = ${name} desc = ${message}`)
  }
  const status = decodeStatus(body.subarray(FRAME_BYTES))
  if (status === SERVING) return success('service healthy')
  return failure(`service unhealthy (responded with "${STATUSES[status ?? -1] ?? status}")`)
}

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

/** HealthCheckRequest { string service = 1 } */
function encodeRequest(service: string): Buffer {
  if (service !== '') {
    writer.string(service)
    writer.delimit(1, 0)
  }
  return writer.finish()
}

/** HealthCheckResponse { ServingStatus status = 1 }; undefined for bytes that are none. */
function decodeStatus(bytes: Buffer): number | undefined {
  try {
    const reader = wireReader(bytes)
    let value = 0
    while (reader.at < reader.end) {
      const tag = readUint32(reader)
      if (tag === 8) value = readInt32(reader)
      else skip(reader, tag & 7)
    }
    return value
  } catch {
    return undefined
  }
}

/** grpc-message is percent-encoded; one that is not stays as it is. */
function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
