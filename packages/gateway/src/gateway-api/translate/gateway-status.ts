// What a Gateway's status says of it and of its listeners. Source: the Gateway API's reference, "GatewayStatus".

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { GROUP } from '../kinds.ts'
import { type Finding, no, yes } from './condition.ts'
import { isAccepted, isServed, type Listener } from './listeners.ts'
import type { TranslatedGateway } from './observed.ts'

export interface GatewayFindings {
  addresses: { type: 'IPAddress'; value: string }[]
  findings: Finding[]
  listeners: {
    name: string
    supportedKinds: { group: string; kind: string }[]
    attachedRoutes: number
    findings: Finding[]
  }[]
}

/** `ports`: those that could not be listened on in the end. */
export function gatewayFindings(
  { refusal, listeners }: TranslatedGateway,
  { addresses, ports }: { addresses: readonly string[]; ports: ReadonlyMap<number, string> },
): GatewayFindings {
  const all = listeners.map((listener) => withPort(listener, ports))
  const served = refusal === undefined ? all.filter(isServed) : []
  return {
    addresses: served.length === 0 ? [] : addresses.map((value) => ({ type: 'IPAddress', value })),
    findings: [accepted(all, refusal), programmed(served, refusal)],
    listeners: all.map((listener) => ({
      name: listener.name,
      supportedKinds: listener.kinds.map((kind) => ({ group: GROUP, kind })),
      attachedRoutes: listener.attached.size,
      findings: listenerFindings(listener, served.includes(listener)),
    })),
  }
}

/** Why nothing of a Gateway is served: `Accepted`, or (not where it wants to be) `Programmed`. */
export function gatewayRefusal(gateway: KubeObject, addresses: readonly string[]): Finding | undefined {
  const { infrastructure, addresses: wanted } = gateway['spec']
  const ours = addresses.join(' or ')
  if (infrastructure?.parametersRef !== undefined) {
    const message = 'infrastructure.parametersRef: there are no parameters for this edge; remove it'
    return no('Accepted', 'InvalidParameters', message)
  }
  for (const { type = 'IPAddress', value } of listOf(wanted)) {
    if (type !== 'IPAddress') {
      const message = `addresses: ${type} is not served; use IPAddress with ${ours}, or none`
      return no('Accepted', 'UnsupportedAddress', message)
    }
    if (value !== undefined && value !== '' && !addresses.includes(value)) {
      const message = `addresses: ${value} is not the edge's; use ${ours}, or none`
      return no('Programmed', 'AddressNotUsable', message)
    }
  }
  return undefined
}

function withPort(listener: Listener, ports: ReadonlyMap<number, string>): Listener {
  const problem = ports.get(listener.port)
  if (problem === undefined || !isAccepted(listener)) return listener
  return { ...listener, refusal: no('Accepted', 'PortUnavailable', problem) }
}

function accepted(listeners: readonly Listener[], refusal: Finding | undefined): Finding {
  if (refusal?.type === 'Accepted') return refusal
  const refused = listeners.filter((listener) => !isAccepted(listener))
  if (refused.length === 0) return yes('Accepted', 'Accepted', 'the Gateway is served by brume.dev/gateway')
  const message = `not accepted: ${refused.map(({ name }) => name).join(', ')}; see the conditions of listeners`
  const judge = refused.length === listeners.length ? no : yes
  return judge('Accepted', 'ListenersNotValid', message)
}

function programmed(served: readonly Listener[], refusal: Finding | undefined): Finding {
  if (refusal?.type === 'Programmed') return refusal
  if (served.length === 0)
    return no('Programmed', 'Invalid', 'no listener can be served; see the conditions of listeners')
  const ports = [...new Set(served.map(({ port }) => port))].join(', ')
  return yes('Programmed', 'Programmed', `the edge listens on ${ports}`)
}

function listenerFindings({ refusal, conflict, resolvedRefs }: Listener, isProgrammed: boolean): Finding[] {
  return [
    refusal ?? acceptance(conflict),
    conflict === undefined
      ? no('Conflicted', 'NoConflicts', 'no other listener asks for the same')
      : { ...conflict, status: 'True' },
    resolvedRefs,
    isProgrammed
      ? yes('Programmed', 'Programmed', 'the edge listens for it')
      : no('Programmed', 'Invalid', 'not served; see the other conditions'),
  ]
}

function acceptance(conflict: Finding | undefined): Finding {
  return conflict === undefined
    ? yes('Accepted', 'Accepted', 'the listener is valid')
    : no('Accepted', conflict.reason, conflict.message)
}
