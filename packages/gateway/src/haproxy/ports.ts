// Ports that another program has: found before HAProxy is asked to listen there, since it would refuse all others too.

import { createServer } from 'node:net'

/** By which a person comes to the machine, also before its server is started. */
const SSH = 22

/** Why no listener may have it; undefined: it may. Two frontends of one port would stop each other, and with them all
 * that is served. `figures`: the port of the edge's own. */
export function whyReserved(port: number, figures: number | undefined): string | undefined {
  if (port === figures) return `port ${port} is that of the edge's own figures; use another port`
  return port === SSH ? `port ${port} is the machine's own, for ssh; use another port` : undefined
}

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
