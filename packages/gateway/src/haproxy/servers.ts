// The servers behind a rule: endpoints of its targets with their weights. Pure.

import type { Behind as Found } from '../endpoints.ts'
import type { Target } from '../model.ts'
import { say } from './text.ts'

export interface Behind {
  targets: readonly { target: Target; found: Found }[]
}

const PROTOCOL = { http: '', h2c: ' proto h2', https: ' ssl verify none alpn h2,http/1.1' }

export function serverLines({ targets }: Behind): string[] {
  const lines = ['balance leastconn']
  const servers = targets.flatMap(({ target, found }) =>
    'servers' in found ? found.servers.map((server) => ({ ...server, protocol: target.protocol })) : [],
  )
  if (servers.length === 0) {
    const missing = targets.flatMap(({ found }) => ('missing' in found ? [found.missing] : []))
    const why = missing[0] ?? 'nothing behind this route is ready'
    return [say(503, why)]
  }
  for (const { ip, port, protocol } of servers)
    lines.push(`server ${ip.replaceAll('.', '-')}-${port} ${ip}:${port}${PROTOCOL[protocol]}`)
  return lines
}
