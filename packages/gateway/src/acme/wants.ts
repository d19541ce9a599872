// Which certificates are wanted of a CA, and by whom: Ingresses and Gateways become the same askings, and these one want
// a Secret. Pure. Source of the manner: cert-manager's documentation, "Annotated Ingress" and "Annotated Gateway".

import { isIP } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'
import { INGRESSES } from '@brume/client/builtin'
import { keyOf, type ResourceRef } from '@brume/client/resource-ref'

/** Annotations of an Ingress or Gateway. */
export const CERTIFICATE = 'brume.dev/certificate'
export const PRECHECK = 'brume.dev/certificate-precheck'

/** An object that may ask for certificates, in words that do not depend on its kind. */
export interface Asking {
  owner: KubeObject
  ref: ResourceRef
  entries: readonly Entry[]
  /** Hosts that other namespaces named first -> whose they are. */
  others?: ReadonlyMap<string, string>
}

export interface Entry {
  /** Where it is written, for people: spec.tls[0]. */
  field: string
  secret: string
  hosts: readonly string[]
}

/** One Secret with a certificate for all of `hosts`. */
export interface Want {
  namespace: string
  secret: string
  /** In lower case, each once, sorted. */
  hosts: string[]
  /** The oldest first. */
  owners: Asking[]
  /** Somebody wrote that it is wanted; otherwise it is wanted because everything outside has one. */
  explicit: boolean
  /** Whether the edge looks itself before it asks the CA. */
  precheck: boolean
  /** Why it cannot be had, with the next step. */
  problem: string | undefined
}

/** Let's Encrypt's limit; others are near it. */
const MAX_HOSTS = 100
const NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** With its `tls` entries, or without any for all hosts of its rules, in a Secret NAME-tls. */
export function askingOfIngress(ingress: KubeObject): Asking {
  const spec = ingress['spec'] ?? {}
  const name = ingress.metadata.name ?? ''
  const rules: string[] = listOf(spec.rules).flatMap(({ host }) => (host ? [host] : []))
  const tls = listOf(spec.tls)
  const named = new Set(tls.flatMap(({ hosts }) => listOf(hosts).map(String)))
  const rest = rules.filter((host) => !named.has(host))
  const entries =
    tls.length === 0
      ? [{ field: 'spec.rules', secret: `${name}-tls`, hosts: rules }]
      : tls.map((entry, index) => ({
          field: `spec.tls[${index}]`,
          secret: entry.secretName || (index === 0 ? `${name}-tls` : `${name}-tls-${index}`),
          hosts: listOf(entry.hosts).length > 0 ? listOf(entry.hosts).map(String) : rest,
        }))
  return { owner: ingress, ref: INGRESSES, entries }
}

/** With the listeners that end TLS here and name a host and a Secret of the Gateway's own namespace. `ref`: its API. */
export function askingOfGateway(gateway: KubeObject, ref: ResourceRef): Asking {
  const namespace = gateway.metadata.namespace ?? ''
  const entries: Entry[] = listOf(gateway['spec']?.listeners).flatMap((listener: Json, index) => {
    const { tls, hostname, protocol } = listener
    if (protocol !== 'HTTPS' && protocol !== 'TLS') return []
    const [secret] = listOf(tls?.certificateRefs)
    const isOurs =
      (tls?.mode ?? 'Terminate') === 'Terminate' &&
      secret !== undefined &&
      (secret.group ?? '') === '' &&
      (secret.kind ?? 'Secret') === 'Secret' &&
      (secret.namespace ?? namespace) === namespace
    if (!isOurs || !hostname) return []
    return [{ field: `spec.listeners[${index}].hostname`, secret: secret.name, hosts: [hostname] }]
  })
  return { owner: gateway, ref, entries }
}

/** By `namespace/secret`. `all`: also where nobody asks, for hosts that a public CA could know. */
export function wantsOf(askings: Iterable<Asking>, { all }: { all: boolean }): Map<string, Want> {
  const wants = new Map<string, Want>()
  for (const asking of [...askings].sort(byAge)) {
    const annotations = asking.owner.metadata.annotations ?? {}
    const explicit = annotations[CERTIFICATE] === 'acme'
    if (!explicit && (!all || annotations[CERTIFICATE] !== undefined)) continue
    for (const entry of asking.entries) {
      const hosts = entry.hosts.map((host) => host.toLowerCase())
      // Whoever did not ask is not told what cannot be.
      const usable = explicit ? hosts : hosts.filter((host) => whyNot(host, asking) === undefined)
      if (usable.length === 0 && !explicit) continue
      add(wants, asking, { ...entry, hosts: usable }, explicit)
    }
  }
  return wants
}

/** A sentence for an annotation that means nothing; undefined where there is none, or it is good. */
export function annotationProblem({ owner }: Asking): string | undefined {
  const value = owner.metadata.annotations?.[CERTIFICATE]
  if (value === undefined || value === 'acme' || value === 'none') return undefined
  return `annotation ${CERTIFICATE}: ${JSON.stringify(value.slice(0, 80))} is not acme or none; it is left out`
}

function add(wants: Map<string, Want>, asking: Asking, entry: Entry, explicit: boolean): void {
  const namespace = asking.owner.metadata.namespace ?? ''
  const key = `${namespace}/${entry.secret}`
  const known = wants.get(key)
  const hosts = [...new Set([...(known?.hosts ?? []), ...entry.hosts])].sort()
  wants.set(key, {
    namespace,
    secret: entry.secret,
    hosts,
    owners: [...(known?.owners ?? []).filter(({ owner }) => owner !== asking.owner), asking],
    explicit: explicit || known?.explicit === true,
    precheck: known?.precheck !== false && asking.owner.metadata.annotations?.[PRECHECK] !== 'off',
    problem: known?.problem ?? problemOf(entry, hosts, asking),
  })
}

function problemOf(
  { field, hosts: named }: Entry,
  hosts: readonly string[],
  asking: Asking,
): string | undefined {
  if (named.length === 0) return `${field} names no host; name the hosts that the certificate is for`
  if (hosts.length > MAX_HOSTS) {
    return `${field}: more than ${MAX_HOSTS} hosts in one certificate; spread them over several Secrets`
  }
  for (const host of named) {
    const why = whyNot(host, asking)
    if (why !== undefined) return `${field}: ${JSON.stringify(host.slice(0, 80))} ${why}`
  }
  return undefined
}

function whyNot(host: string, { others }: Asking): string | undefined {
  const owner = others?.get(host)
  if (owner !== undefined) return `is namespace ${owner}'s, which had it first; name another host`
  if (host.startsWith('*.')) {
    return 'is a wildcard, which is not proven over HTTP; name the hosts, or bring a Secret of your own'
  }
  if (isIP(host) !== 0) return 'is an address; name a host'
  if (host === 'localhost' || host.endsWith('.localhost')) {
    return "leads to each machine itself; the cloud's own certificate is shown for it"
  }
  if (!NAME.test(host) || !host.includes('.'))
    return 'is no name that a CA could know; name a host with a domain'
  return undefined
}

function byAge(a: Asking, b: Asking): number {
  const [left, right] = [a, b].map(
    ({ owner }) => `${owner.metadata.creationTimestamp} ${owner.kind} ${keyOf(owner)}`,
  )
  return left! < right! ? -1 : left! > right! ? 1 : 0
}
