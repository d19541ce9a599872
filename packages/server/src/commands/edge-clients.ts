// How many connections one client may have at the edge, as the command line says it.

import { parseIpRange } from '@brume/api/network/ip-range'
import { type ParsedCommand, UsageError } from '@brume/base/command-line'
import type { ClientLimit } from '@brume/gateway/haproxy/clients'
import { EDGE_CLIENT_CONNECTIONS } from '@brume/machine/commands/up'
import { countOf } from './command.ts'

/** Throws UsageError. */
export function edgeClientsOf({ options, lists }: Pick<ParsedCommand, 'options' | 'lists'>): ClientLimit {
  const proxies = lists['edge-proxy'] ?? []
  const wrong = proxies.find((range) => parseIpRange(range) === undefined)
  if (wrong !== undefined)
    throw new UsageError(
      `--edge-proxy ${wrong} is no range of addresses. Next: name one such as 192.0.2.0/24`,
    )
  return { connections: countOf(options, 'edge-client-connections', 0, EDGE_CLIENT_CONNECTIONS), proxies }
}
