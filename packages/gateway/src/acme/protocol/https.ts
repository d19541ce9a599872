// One request to a CA over HTTPS, with bounds on time and size. Nothing but HTTPS is spoken (RFC 8555 section 6.1), and no
// redirect is followed.

import { Agent, request } from 'node:https'
import { rootCertificates } from 'node:tls'
import { AcmeError } from './error.ts'

export interface Answer {
  status: number
  headers: Readonly<Record<string, string | undefined>>
  text: string
}

const TIMEOUT_MS = 30_000
const MAX_BYTES = 1024 * 1024
const MAX_SOCKETS = 4
const USER_AGENT = 'brume-acme/1'

/** Trusts public CAs, and those of `ca` (PEM). */
export function agentFor(ca: string | undefined): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
  })
}

/** Throws AcmeError `unreachable` when no whole answer came. */
export function send(
  url: string,
  { agent, method, body }: { agent: Agent; method: 'GET' | 'HEAD' | 'POST'; body?: string },
): Promise<Answer> {
  const target = parsed(url)
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      const why = `${target.host} is not reached: ${cause.message || String((cause as { code?: string }).code)}`
      reject(new AcmeError('unreachable', why, { cause }))
    }
    const sent = request(target, {
      agent,
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'user-agent': USER_AGENT,
        ...(body === undefined ? {} : { 'content-type': 'application/jose+json' }),
      },
    })
    sent.on('error', fail)
    sent.on('response', (response) => {
      const parts: Buffer[] = []
      let bytes = 0
      response.on('error', fail)
      response.on('data', (part: Buffer) => {
        bytes += part.length
        if (bytes > MAX_BYTES) response.destroy(new Error(`an answer of more than ${MAX_BYTES} bytes`))
        else parts.push(part)
      })
      response.on('end', () => {
        const headers = response.headers as Answer['headers']
        resolve({ status: response.statusCode!, headers, text: Buffer.concat(parts).toString() })
      })
    })
    sent.end(body)
  })
}

function parsed(url: string): URL {
  const found = URL.canParse(url) ? new URL(url) : undefined
  if (found?.protocol !== 'https:') {
    throw new AcmeError('malformed', `${JSON.stringify(url)} is no https:// address`)
  }
  return found
}
