// grpc: the standard health service says SERVING (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). One
// call on one HTTP/2 session that is destroyed afterwards, whatever the server does: a library's client keeps trying.

import { connect } from 'node:http2'
import { readInt32, readUint32, skip, wireReader } from '@brume/api/codec/wire-reader'
import { WireWriter } from '@brume/api/codec/wire-writer'
import { callOnce, type GrpcAnswer } from '../grpc/call.ts'
import { GRPC_STATUS, statusName } from '../grpc/status.ts'
import { connectionError } from './network-error.ts'
import { failure, type Outcome, success } from './outcome.ts'
import { hostPort } from './ports.ts'

const PATH = '/grpc.health.v1.Health/Check'
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const SERVING = 1
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
    session.on('error', (error) => {
      end(
        failure(
          `error: failed to connect service at ${JSON.stringify(address)}: ${connectionError(error, address)}`,
        ),
      )
    })
    // The server's own settings say that it speaks HTTP/2.
    session.once('remoteSettings', () => {
      isReady = true
      const call = {
        path: PATH,
        message: encodeRequest(service),
        timeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        userAgent: 'kube-probe/1.32',
      }
      callOnce(session, call).then(
        (answer) => end(outcomeOf(answer, within)),
        (error: Error) => end(failure(`error: health rpc probe failed: ${error.message}`)),
      )
    })
  })
}

function outcomeOf({ code, message, body }: GrpcAnswer, within: string): Outcome {
  if (code === GRPC_STATUS.unimplemented) {
    const what = 'this server does not implement the grpc health protocol (grpc.health.v1.Health)'
    return failure(`error: ${what}: ${message}`)
  }
  if (code === GRPC_STATUS.deadlineExceeded)
    return failure(`timeout: health rpc did not complete within ${within}`)
  if (code !== GRPC_STATUS.ok) {
    return failure(`error: health rpc probe failed: rpc error: code = ${statusName(code)} desc = ${message}`)
  }
  const status = decodeStatus(body ?? Buffer.alloc(0))
  if (status === SERVING) return success('service healthy')
  return failure(`service unhealthy (responded with "${STATUSES[status ?? -1] ?? status}")`)
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
