// Where a rule's requests go: references to Services, each with its share. Source: the Gateway API's reference,
// "BackendRef", and "Backend Protocol" for what a Service's port speaks.

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'
import type { Target } from '../../model.ts'
import type { BackendPolicies } from './backend-tls.ts'
import { type Finding, no } from './condition.ts'
import { grantNeeded, isGranted } from './grants.ts'
import type { Surroundings } from './observed.ts'

export interface BackendParts extends Pick<Surroundings, 'service'> {
  grants: readonly KubeObject[]
  policies: BackendPolicies
}

const PROTOCOLS: Readonly<Record<string, Target['protocol']>> = {
  'kubernetes.io/h2c': 'h2c',
  'kubernetes.io/wss': 'https',
  https: 'https',
}

/** One for each reference, those without a share too. A reference that is not good keeps its share, which is answered with an error; the first of them is told. */
export function targetsOf(
  route: KubeObject,
  refs: Json,
  parts: BackendParts,
): { targets: Target[]; broken: Finding | undefined } {
  let broken: Finding | undefined
  const targets = listOf(refs).map((ref) => {
    const { namespace = route.metadata.namespace ?? '', name, port = '', weight = 1 } = ref
    const backend = { namespace, service: name, port: String(port) }
    const found = serviceOf(route, ref, parts)
    if ('protocol' in found) return { backend, weight, ...found }
    broken ??= found
    return { backend, weight, protocol: 'http' as const, problem: found.message }
  })
  return { targets, broken }
}

function serviceOf(
  route: KubeObject,
  { group = '', kind = 'Service', namespace = route.metadata.namespace ?? '', name, port }: Json,
  { service, grants, policies }: BackendParts,
): Pick<Target, 'protocol' | 'tls' | 'problem'> | Finding {
  const wrong = (reason: string, message: string) => no('ResolvedRefs', reason, `backendRefs: ${message}`)
  if (group !== '' || kind !== 'Service')
    return wrong('InvalidKind', `${kind} ${name} is no Service; name one`)
  const reference = {
    fromKind: route.kind,
    fromNamespace: route.metadata.namespace ?? '',
    toGroup: '',
    toKind: 'Service',
    toNamespace: namespace,
    toName: name,
  }
  if (!isGranted(reference, grants)) return wrong('RefNotPermitted', grantNeeded(reference))
  const found = service(namespace, name)
  const ports = listOf(found?.['spec'].ports)
  const there = ports.find((one) => one.port === port)
  if (found === undefined)
    return wrong('BackendNotFound', `Service ${namespace}/${name} does not exist; create it`)
  if (there === undefined) {
    const known = ports.map((one) => one.port).join(', ')
    return wrong(
      'BackendNotFound',
      `Service ${namespace}/${name} has no port ${port ?? '(none is named)'}; it has ${known}`,
    )
  }
  const asked = policies.askedOf(namespace, name, there.name ?? '')
  if (asked !== undefined) return { protocol: 'https', ...asked }
  if (route.kind === 'GRPCRoute') return { protocol: there.appProtocol === 'https' ? 'https' : 'h2c' }
  return { protocol: PROTOCOLS[there.appProtocol ?? ''] ?? 'http' }
}
