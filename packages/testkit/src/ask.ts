// One request to a server on this machine, on a connection of its own, as a client of a name that leads here sends it.

import { type IncomingHttpHeaders, request } from 'node:http'
import { request as secureRequest } from 'node:https'

export interface Asked {
  port: number
  path?: string
  /** What it asks for: the Host header, and with TLS the name of the server. Default: the address. */
  host?: string
  /** Whatever certificate is shown. */
  secure?: boolean
  method?: string
  headers?: Record<string, string>
  body?: string | undefined
  /** This machine's address to ask at, so that it is the one that asks. */
  at?: string | undefined
}

export interface Answer {
  status: number
  text: string
  headers: IncomingHttpHeaders
}

/** Rejects when the connection ends before the answer does. */
export function ask({
  port,
  path = '/',
  host,
  secure = false,
  method = 'GET',
  headers = {},
  body,
  at = '127.0.0.1',
}: Asked): Promise<Answer> {
  const options = {
    host: at,
    port,
    path,
    method,
    headers: { ...(host === undefined ? {} : { host }), ...headers },
    agent: false as const,
  }
  return new Promise((resolve, reject) => {
    const sent = secure
      ? secureRequest({
          ...options,
          rejectUnauthorized: false,
          ...(host === undefined ? {} : { servername: host }),
        })
      : request(options)
    sent.on('error', reject)
    sent.on('response', (response) => {
      let text = ''
      response.on('error', reject)
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }))
    })
    sent.end(body)
  })
}
