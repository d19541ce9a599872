// A port that nobody listens on, for programs that cannot choose one themselves.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** Below the range that the kernel gives out by itself: nobody gets it by chance before it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(20_000 + Math.floor(Math.random() * 12_000))
    const port = await new Promise<number | undefined>((resolve) => {
      server.once('error', () => resolve(undefined))
      server.once('listening', () => resolve((server.address() as AddressInfo).port))
    })
    if (port === undefined) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
