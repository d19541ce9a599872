// Which listeners ask for the same. All Gateways share the addresses of one edge: of two of the same Gateway that are not
// distinct neither is accepted, as the API says; another Gateway's are not taken down by a younger one.

import { speakTogether } from '../../merge.ts'
import { type Finding, no } from './condition.ts'
import type { Listener } from './listeners.ts'
import type { Surroundings } from './observed.ts'

/** Gateways in the order of their age, each with its listeners. Writes `conflict` of those that have one. */
export function findConflicts(
  gateways: readonly (readonly Listener[])[],
  { http, https }: Surroundings['edgePorts'],
): void {
  const taken: Listener[] = []
  for (const all of gateways) {
    const listeners = all.filter(({ refusal }) => refusal === undefined)
    for (const listener of listeners) {
      listener.conflict =
        edgeConflict(listener, { http, https }) ??
        firstConflict(listener, listeners, () => 'of the same Gateway') ??
        firstConflict(
          listener,
          taken,
          ({ gateway: { metadata } }) => `of Gateway ${metadata.namespace}/${metadata.name}, which is older`,
        )
    }
    taken.push(...listeners.filter(({ conflict }) => conflict === undefined))
  }
}

/** Ingresses are served there, if there is one or not. */
function edgeConflict(
  { port, protocol }: Listener,
  { http, https }: Surroundings['edgePorts'],
): Finding | undefined {
  const fits = (port !== http || protocol === 'http') && (port !== https || speakTogether(protocol, 'https'))
  if (fits) return undefined
  const message = `port ${port} is the edge's own for ${port === http ? 'HTTP' : 'HTTPS'}; use that protocol or another port`
  return no('Conflicted', 'ProtocolConflict', message)
}

function firstConflict(
  listener: Listener,
  others: readonly Listener[],
  whose: (other: Listener) => string,
): Finding | undefined {
  for (const other of others) {
    if (other === listener || other.port !== listener.port) continue
    const by = `listener ${other.name} ${whose(other)}`
    if (!speakTogether(other.protocol, listener.protocol) || listener.protocol === 'tcp') {
      const message = `port ${listener.port} is taken by ${by}, for another protocol or for all of TCP; use another port`
      return no('Conflicted', 'ProtocolConflict', message)
    }
    if (other.hostname !== listener.hostname) continue
    const name = listener.hostname === '' ? 'every name' : listener.hostname
    const message = `${name} on port ${listener.port} is taken by ${by}; set another hostname or port`
    return no('Conflicted', 'HostnameConflict', message)
  }
  return undefined
}
