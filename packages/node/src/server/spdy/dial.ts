// Opens a SPDY/3.1 connection at the URL that the container runtime gave.

import { askUpgrade, readText } from '@brume/base/streams/upgrade'
import { SpdyConnection } from './connection.ts'

const ANSWER_MS = 30_000
const MAX_ERROR_BYTES = 4096

/** `protocol`: of the streams, e.g. `v4.channel.k8s.io`. Rejects when the server does not change the protocol. */
export async function dialSpdy(url: string, protocol: string): Promise<SpdyConnection> {
  const http = process.getBuiltinModule('node:http')
  const request = http.request(url, {
    method: 'POST',
    agent: false,
    headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol },
  })
  const answer = await askUpgrade(request, ANSWER_MS)
  if (answer.upgraded) return new SpdyConnection(answer.socket, answer.head)
  const text = await readText(answer.message, MAX_ERROR_BYTES)
  throw new Error(`the container runtime answered ${answer.message.statusCode}: ${text.trim()}`)
}
