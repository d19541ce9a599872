// Which listeners a route comes to, and for which names. Source: the Gateway API's reference, "ParentReference" and
// "AllowedRoutes".

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'
import { GROUP } from '../kinds.ts'
import { type Finding, no } from './condition.ts'
import { servedNames } from './hostnames.ts'
import { admitsNamespace, isAccepted, type Listener } from './listeners.ts'
import type { Surroundings } from './observed.ts'

export interface Place {
  listener: Listener
  /** In lower case; '' for any. */
  host: string
}

export type Attachment = { places: Place[] } | { refusal: Finding }

/** The references to Gateways; other parents, such as Services, are others' business. */
export function gatewayRefs(route: KubeObject): { ref: Json; key: string }[] {
  return listOf(route['spec'].parentRefs)
    .filter(({ group = GROUP, kind = 'Gateway' }) => group === GROUP && kind === 'Gateway')
    .map((ref) => ({ ref, key: `${ref.namespace ?? route.metadata.namespace}/${ref.name}` }))
}

/** `listeners`: of the Gateway that `ref` names. */
export function attach(
  route: KubeObject,
  ref: Json,
  { listeners, namespace }: { listeners: readonly Listener[]; namespace: Surroundings['namespace'] },
): Attachment {
  const { sectionName, port } = ref
  const refuse = (reason: string, message: string) => ({ refusal: no('Accepted', reason, message) })
  const named = listeners.filter(
    (listener) =>
      (sectionName === undefined || listener.name === sectionName) &&
      (port === undefined || listener.port === port),
  )
  if (named.length === 0) {
    const wanted = [
      ...(sectionName === undefined ? [] : [`named ${sectionName}`]),
      ...(port === undefined ? [] : [`on port ${port}`]),
    ].join(' ')
    const there = listeners.map(({ name, port }) => `${name} (${port})`).join(', ')
    return refuse('NoMatchingParent', `the Gateway has no listener ${wanted}; it has ${there}`)
  }
  const name = route.metadata.namespace ?? ''
  const labels = namespace(name)?.metadata.labels ?? {}
  const ofKind = named.filter(({ kinds }) => kinds.includes(route.kind))
  if (ofKind.length === 0)
    return refuse(
      'NotAllowedByListeners',
      `no listener serves a ${route.kind}; see allowedRoutes.kinds and protocol`,
    )
  const allowed = ofKind.filter((listener) => admitsNamespace(listener, { name, labels }))
  if (allowed.length === 0) {
    const message = `no listener allows routes of namespace ${name}; set allowedRoutes.namespaces of one`
    return refuse('NotAllowedByListeners', message)
  }
  const accepted = allowed.filter(isAccepted)
  if (accepted.length === 0) {
    const message = `listener ${allowed[0]!.name} is not accepted itself; see the Gateway's status`
    return refuse('NoMatchingParent', message)
  }
  const hostnames = listOf(route['spec'].hostnames) as unknown as string[]
  const places = accepted.flatMap((listener) =>
    servedNames(route.kind === 'TCPRoute' ? [] : hostnames, listener.hostname).map((host) => ({
      listener,
      host,
    })),
  )
  if (places.length === 0) {
    const names = allowed.map(({ hostname }) => hostname).join(', ')
    return refuse(
      'NoMatchingListenerHostname',
      `hostnames: none is one of a listener's (${names}); name another`,
    )
  }
  return { places }
}
