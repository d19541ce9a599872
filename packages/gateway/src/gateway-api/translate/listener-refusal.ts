// Why a listener cannot be what it asks to be, whatever others ask for.

import type { KubeObject } from '@brume/api/object'
import type { Json } from '@brume/api/validate/json'
import { type Finding, no } from './condition.ts'
import type { Surroundings } from './observed.ts'

export interface RefusalParts extends Pick<Surroundings, 'portProblem'> {
  /** The protocol is one that is served. */
  isKnown: boolean
  /** What is wrong with the selector of namespaces. */
  fault: string | undefined
}

export function refusalOf(
  gateway: KubeObject,
  spec: Json,
  { isKnown, fault, portProblem }: RefusalParts,
): Finding | undefined {
  const { protocol, port } = spec
  if (!isKnown) {
    const message = `protocol ${protocol} is not served; use HTTP, HTTPS, TLS or TCP`
    return no('Accepted', 'UnsupportedProtocol', message)
  }
  const contradiction = fault ?? contradictionOf(gateway, spec)
  if (contradiction !== undefined) return no('Accepted', 'UnsupportedValue', contradiction)
  const problem = portProblem(port)
  return problem === undefined ? undefined : no('Accepted', 'PortUnavailable', `port ${port} ${problem}`)
}

/** Fields that do not go together. The API says so in rules that are not evaluated when objects are written here. */
function contradictionOf(gateway: KubeObject, { protocol, tls, hostname }: Json): string | undefined {
  switch (protocol) {
    case 'HTTP':
    case 'TCP':
      if (tls !== undefined) return `tls: protocol ${protocol} has none; remove it, or use HTTPS or TLS`
      if (protocol === 'TCP' && (hostname ?? '') !== '')
        return 'hostname: TCP knows no names; remove it, or use protocol TLS'
      return undefined
    case 'HTTPS':
      if (tls?.mode === 'Passthrough')
        return 'tls.mode: HTTPS is opened here; use protocol TLS with mode Passthrough and a TLSRoute'
      break
    case 'TLS':
      if (tls === undefined) return 'tls: required for protocol TLS; set mode to Passthrough or Terminate'
  }
  // Whoever asks for clients with certificates must not get any client.
  const asksClients = gateway['spec'].tls?.frontend !== undefined || tls?.frontendValidation !== undefined
  return asksClients
    ? 'tls.frontend: certificates of clients are not checked by this edge; remove it, or let the backend check them'
    : undefined
}
