// A CA's directory with a service beside it that advises when to renew certificates (RFC 9773), which Debian's Pebble does
// not have. All else is asked of the CA itself.

import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { testServerCertificate } from './server-certificate.ts'

export interface AdvisingDirectory {
  url: string
  /** PEM of the CA that its own HTTPS certificate is of. */
  ca: string
  /** Names of certificates that advice was asked for. */
  asked: readonly string[]
  /** For those that were asked about until now; for others there is no advice. */
  advise(window: { start: Date; end: Date }): void
  close(): void
}

/** `read`: the CA's own directory. */
export async function advisingDirectory(read: () => Promise<string>): Promise<AdvisingDirectory> {
  const { cert, key, ca } = await testServerCertificate()
  const asked: string[] = []
  const advice = new Map<string, string>()
  const server = createServer({ cert, key }, async ({ url = '' }, response) => {
    if (url === '/dir') {
      const directory = JSON.parse(await read())
      response.end(JSON.stringify({ ...directory, renewalInfo: `https://127.0.0.1:${port}/renewal` }))
      return
    }
    const id = url.slice('/renewal/'.length)
    asked.push(id)
    response.writeHead(advice.has(id) ? 200 : 404).end(advice.get(id))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}/dir`,
    ca,
    asked,
    advise(suggestedWindow) {
      for (const id of asked) advice.set(id, JSON.stringify({ suggestedWindow }))
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
