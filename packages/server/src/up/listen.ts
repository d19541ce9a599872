// Where the API listens, as the command line says it.

import type { WantedPort } from '@brume/machine/checks/neighbours'
import { UserError } from '../user-error.ts'

/** ADDR:PORT, [IPv6]:PORT. */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) {
    throw new UserError(`--listen ${text} is not ADDR:PORT`, './brume up --listen 127.0.0.1:6443', {
      exitCode: 2,
    })
  }
  return { host: match[1] ?? match[2] ?? '', port }
}

/** Only where every address is meant: with one alone, the same port may be free. */
export function wantedPorts(host: string, port: number): WantedPort[] {
  const everywhere = host === '' || host === '0.0.0.0' || host === '::'
  const next = './brume up --listen 0.0.0.0:7443   (a free port)'
  return everywhere ? [{ port, what: 'the API', next }] : []
}
