// Ports that another program has: found before HAProxy is asked to listen there, since it would refuse all others too.

import { createServer } from 'node:net'

/** Why it cannot be listened on; undefined: it can. Asks by listening for a moment. */
export async function whyTaken(port: number, ipv6: boolean): Promise<string | undefined> {
  for (const host of ipv6 ? ['0.0.0.0', '::'] : ['0.0.0.0']) {
    const code = await listenOnce(host, port)
    if (code === 'EADDRINUSE') return `${host}:${port} is in use by another program`
    if (code === 'EACCES') return `port ${port} is not allowed to be listened on`
    if (code !== undefined) return `port ${port} cannot be listened on: ${code}`
  }
  return undefined
}

function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, ipv6Only: true }, () => server.close(() => resolve(undefined)))
  })
}
