// The listeners of our Gateways: what each may serve, and why not. Source: the Gateway API's reference, "Listener".

import type { KubeObject } from '@brume/api/object'
import type { LabelSelector } from '@brume/api/selectors/label-selector'
import { SelectorError } from '@brume/api/selectors/requirement'
import { fromStructured } from '@brume/api/selectors/structured'
import { type Json, listOf } from '@brume/api/validate/json'
import type { Certificate, Listener as Port } from '../../model.ts'
import { GROUP } from '../kinds.ts'
import { type Finding, no, yes } from './condition.ts'
import { certificatesOf } from './listener-certificates.ts'
import { refusalOf } from './listener-refusal.ts'
import type { Surroundings } from './observed.ts'

export interface Listener {
  gateway: KubeObject
  name: string
  port: number
  protocol: Port['protocol']
  /** In lower case; '' for any. */
  hostname: string
  /** Namespaces whose routes may use it; undefined: that of the Gateway. */
  namespaces: LabelSelector | undefined
  /** Of routes. */
  kinds: string[]
  /** Why it is not accepted, of itself. */
  refusal: Finding | undefined
  /** Another listener has what it asks for. */
  conflict: Finding | undefined
  resolvedRefs: Finding
  certificates: Certificate[]
  /** Routes: kind and key. */
  attached: Set<string>
}

export type ListenerParts = Pick<Surroundings, 'certificateProblem' | 'portProblem'> & {
  grants: readonly KubeObject[]
}

const KINDS: Readonly<Record<Port['protocol'], readonly string[]>> = {
  http: ['HTTPRoute', 'GRPCRoute'],
  https: ['HTTPRoute', 'GRPCRoute'],
  tls: ['TLSRoute'],
  'opened-tls': ['TLSRoute', 'TCPRoute'],
  tcp: ['TCPRoute'],
}

export function listenersOf(gateway: KubeObject, parts: ListenerParts): Listener[] {
  return listOf(gateway['spec'].listeners).map((spec) => {
    const protocol = protocolOf(spec)
    const { kinds, problem } = kindsOf(spec, protocol)
    const { selector, fault } = selectorOf(spec)
    const { certificates, broken } = needsCertificate(protocol)
      ? certificatesOf(gateway, spec, parts)
      : { certificates: [], broken: undefined }
    return {
      gateway,
      name: spec.name,
      port: spec.port,
      // Of one that is refused nobody asks.
      protocol: protocol ?? 'tcp',
      hostname: String(spec.hostname ?? '').toLowerCase(),
      namespaces: selector,
      kinds,
      refusal: refusalOf(gateway, spec, { isKnown: protocol !== undefined, fault, ...parts }),
      conflict: undefined,
      resolvedRefs: broken ?? problem ?? yes('ResolvedRefs', 'ResolvedRefs', 'all references are good'),
      certificates,
      attached: new Set(),
    }
  })
}

export function needsCertificate(protocol: Port['protocol'] | undefined): boolean {
  return protocol === 'https' || protocol === 'opened-tls'
}

export function isAccepted({ refusal, conflict }: Listener): boolean {
  return refusal === undefined && conflict === undefined
}

/** It is listened for it: nothing is against it, and where it needs a certificate there is one. */
export function isServed(listener: Listener): boolean {
  return isAccepted(listener) && (!needsCertificate(listener.protocol) || listener.certificates.length > 0)
}

/** Whether routes of a namespace may use the listener. `labels`: of that namespace. */
export function admitsNamespace(
  { namespaces, gateway }: Listener,
  { name, labels }: { name: string; labels: Readonly<Record<string, string>> },
): boolean {
  return namespaces === undefined ? name === gateway.metadata.namespace : namespaces.matches(labels)
}

function protocolOf({ protocol, tls }: Json): Port['protocol'] | undefined {
  switch (protocol) {
    case 'HTTP':
      return 'http'
    case 'HTTPS':
      return 'https'
    case 'TCP':
      return 'tcp'
    case 'TLS':
      return tls?.mode === 'Passthrough' ? 'tls' : 'opened-tls'
  }
  return undefined
}

function kindsOf(
  { protocol: name, allowedRoutes }: Json,
  protocol: Port['protocol'] | undefined,
): { kinds: string[]; problem: Finding | undefined } {
  const possible = protocol === undefined ? [] : KINDS[protocol]
  const wanted = listOf(allowedRoutes?.kinds)
  if (wanted.length === 0) return { kinds: [...possible], problem: undefined }
  const isPossible = ({ group = GROUP, kind }: Json) => group === GROUP && possible.includes(kind)
  const kinds = [...new Set<string>(wanted.filter(isPossible).map(({ kind }) => kind))]
  const unknown = wanted.find((one) => !isPossible(one))
  if (unknown === undefined) return { kinds, problem: undefined }
  const message = `allowedRoutes.kinds: ${unknown.kind} cannot be served by protocol ${name}; name ${possible.join(' or ')}`
  return { kinds, problem: no('ResolvedRefs', 'InvalidRouteKinds', message) }
}

function selectorOf({ allowedRoutes }: Json): { selector: LabelSelector | undefined; fault?: string } {
  const { from = 'Same', selector } = allowedRoutes?.namespaces ?? {}
  if (from === 'Same') return { selector: undefined }
  try {
    return { selector: fromStructured(from === 'All' ? {} : selector) }
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error
    return { selector: undefined, fault: `allowedRoutes.namespaces.selector: ${error.message}` }
  }
}
