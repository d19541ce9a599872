// What a Gateway's status says of it and of its listeners. Source: the Gateway API's reference, "GatewayStatus".

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { GROUP } from '../kinds.ts'
import { type Finding, no, yes } from './condition.ts'
import { isAccepted, isServed, type Listener } from './listeners.ts'
import type { GatewayStatus, ListenerStatus } from './observed.ts'

export function gatewayStatus(
  gateway: KubeObject,
  { listeners, addresses }: { listeners: readonly Listener[]; addresses: readonly string[] },
): GatewayStatus {
  const refusal = gatewayRefusal(gateway, addresses)
  const served = refusal?.type === 'Accepted' ? [] : listeners.filter(isServed)
  return {
    gateway,
    addresses: served.length === 0 ? [] : addresses.map((value) => ({ type: 'IPAddress', value })),
    findings: [accepted(listeners, refusal), programmed(served, refusal)],
    listeners: listeners.map((listener) => listenerStatus(listener, refusal)),
  }
}

/** Why nothing of it is served, or (Programmed) not where it wants to be. */
export function gatewayRefusal(gateway: KubeObject, addresses: readonly string[]): Finding | undefined {
  const { infrastructure, addresses: wanted } = gateway['spec']
  if (infrastructure?.parametersRef !== undefined) {
    const message = 'infrastructure.parametersRef: there are no parameters for this edge; remove it'
    return no('Accepted', 'InvalidParameters', message)
  }
  for (const { type = 'IPAddress', value } of listOf(wanted)) {
    if (type !== 'IPAddress') {
      const message = `addresses: ${type} is not served; use IPAddress with ${addresses.join(' or ')}, or none`
      return no('Accepted', 'UnsupportedAddress', message)
    }
    if (value !== undefined && value !== '' && !addresses.includes(value)) {
      const message = `addresses: ${value} is not the edge's; use ${addresses.join(' or ')}, or none`
      return no('Programmed', 'AddressNotUsable', message)
    }
  }
  return undefined
}

function accepted(listeners: readonly Listener[], refusal: Finding | undefined): Finding {
  if (refusal?.type === 'Accepted') return refusal
  const refused = listeners.filter((listener) => !isAccepted(listener))
  if (refused.length === 0) return yes('Accepted', 'Accepted', 'the Gateway is served by brume.dev/gateway')
  const names = refused.map(({ name }) => name).join(', ')
  const message = `not accepted: ${names}; see their conditions`
  const judge = refused.length === listeners.length ? no : yes
  return judge('Accepted', 'ListenersNotValid', message)
}

function programmed(served: readonly Listener[], refusal: Finding | undefined): Finding {
  if (refusal?.type === 'Programmed') return refusal
  if (served.length === 0)
    return no('Programmed', 'Invalid', 'no listener can be served; see their conditions')
  const ports = [...new Set(served.map(({ port }) => port))].join(', ')
  return yes('Programmed', 'Programmed', `the edge listens on ${ports}`)
}

function listenerStatus(listener: Listener, refused: Finding | undefined): ListenerStatus {
  const { name, kinds, attached, refusal, conflict, resolvedRefs } = listener
  return {
    name,
    supportedKinds: kinds.map((kind) => ({ group: GROUP, kind })),
    attachedRoutes: attached.size,
    findings: [
      refusal ?? acceptance(conflict),
      conflict === undefined
        ? no('Conflicted', 'NoConflicts', 'no other listener asks for the same')
        : { ...conflict, status: 'True' },
      resolvedRefs,
      refused === undefined && isServed(listener)
        ? yes('Programmed', 'Programmed', 'the edge listens for it')
        : no('Programmed', 'Invalid', 'not served; see the other conditions'),
    ],
  }
}

function acceptance(conflict: Finding | undefined): Finding {
  return conflict === undefined
    ? yes('Accepted', 'Accepted', 'the listener is valid')
    : no('Accepted', conflict.reason, conflict.message)
}
