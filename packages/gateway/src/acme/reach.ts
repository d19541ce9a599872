// Looking, before a CA does, whether what it would ask for is answered: by the edge itself on this machine, and by whom
// the host's own name leads to.

import { lookup as systemLookup } from 'node:dns'
import { request } from 'node:http'
import type { LookupFunction } from 'node:net'
import type { Shown } from './challenges.ts'

export interface Look {
  /** The edge does not answer so on this machine: most likely not yet. */
  unanswered: string | undefined
  /** Would fail at the CA too, as far as can be seen from here. Not being let through is none: many routers do not lead
   * back to what is behind them. */
  problems: readonly string[]
}

export interface ReachOptions {
  /** Where the edge listens for plain HTTP. */
  edgePort: number
  /** Where CAs ask: 80, but for private ones of tests. */
  publicPort: number
  lookup?: LookupFunction
}

const TIMEOUT_MS = 5000
const MAX_BYTES = 2048
const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA'])

/** `outside`: also by the hosts' own names. Never throws. */
export async function lookAt(
  shown: readonly Shown[],
  { outside, reach }: { outside: boolean; reach: ReachOptions },
): Promise<Look> {
  const { edgePort, publicPort, lookup = systemLookup as LookupFunction } = reach
  for (const one of shown) {
    const here = await ask(one, { address: '127.0.0.1', port: edgePort, lookup })
    if (here !== one.answer) {
      const why = typeof here === 'string' ? 'with something else' : String(here.message)
      return { unanswered: `127.0.0.1:${edgePort} for ${one.host}: ${why}`, problems: [] }
    }
  }
  const found = await Promise.all(
    (outside ? shown : []).map(async (one) => ({
      one,
      heard: await ask(one, { address: one.host, port: publicPort, lookup }),
    })),
  )
  const problems: string[] = []
  for (const { one, heard } of found) {
    if (heard === one.answer) continue
    if (typeof heard === 'string') {
      problems.push(
        `${one.host}: somebody else answers there on port ${publicPort}; let its DNS records and port ${publicPort} lead to this machine`,
      )
    } else if (NO_SUCH_NAME.has(heard.code ?? '')) {
      problems.push(
        `${one.host}: DNS does not know it; give it an A (or AAAA) record with this machine's public address`,
      )
    }
  }
  return { unanswered: undefined, problems }
}

/** What is answered, whatever its status; a redirect is an error here, since a CA may come through it. */
function ask(
  { host, token }: Shown,
  { address, port, lookup }: { address: string; port: number; lookup: LookupFunction },
): Promise<string | (Error & { code?: string })> {
  return new Promise((resolve) => {
    const path = `/.well-known/acme-challenge/${token}`
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const sent = request({ host: address, port, path, headers: { host }, lookup, signal, agent: false })
    sent.on('error', resolve)
    sent.on('response', (response) => {
      const { statusCode = 0 } = response
      let text = ''
      response.on('error', resolve)
      response.on('data', (part: Buffer) => {
        text += part.toString('latin1')
        if (text.length > MAX_BYTES) response.destroy(new Error('a long answer'))
      })
      response.on('end', () =>
        resolve(
          statusCode >= 300 && statusCode < 400
            ? new Error(`port ${port} leads on to ${response.headers.location}`)
            : text.trim(),
        ),
      )
    })
    sent.end()
  })
}
