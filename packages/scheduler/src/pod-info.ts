// What placement needs to know of a pod, computed once.

import type { KubeObject } from '@brume/api/object'
import { GROUP, PLACEMENT, type PlacementWord, wordOf } from '@brume/api/placement'
import { podRequests } from '@brume/api/quota/pod-resources'
import { quantityMilliValue, quantityValue } from '@brume/base/quantity'
import { type AffinityTerms, affinityTermsOf, NO_TERMS } from './affinity-terms.ts'

// biome-ignore lint/suspicious/noExplicitAny: fields of a pod, checked by its schema
export type Json = any

/** [resource, amount]: CPU in thousandths, everything else in units (bytes). */
export type Requests = readonly (readonly [string, number])[]

export interface HostPort {
  ip: string
  protocol: string
  port: number
}

export interface PodInfo {
  readonly pod: KubeObject
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly priority: number
  readonly terminating: boolean
  readonly requests: Requests
  /** The same for pods whose requests and usual amounts are the same. */
  readonly amountsKey: string
  /** For scores: what a container without a request is taken to use. */
  readonly usualCpuMillis: number
  readonly usualMemoryBytes: number
  readonly ports: readonly HostPort[]
  readonly claims: readonly ClaimUse[]
  readonly terms: AffinityTerms
  readonly group: string | undefined
  readonly placement: PlacementWord | undefined
  /** Pods that `spread` keeps apart from each other. */
  readonly family: string
}

export interface ClaimUse {
  /** Of a PersistentVolumeClaim. */
  name: string
  /** It is made for this pod. */
  isEphemeral: boolean
}

/** Kubernetes' figures for containers that ask for nothing. */
const USUAL_CPU_MILLIS = 100
const USUAL_MEMORY_BYTES = 200 * 1024 * 1024
const NO_PORTS: readonly HostPort[] = []
const NO_CLAIMS: readonly ClaimUse[] = []

export function podInfoOf(pod: KubeObject): PodInfo {
  const { metadata } = pod
  const spec: Json = pod['spec']
  const namespace = metadata.namespace ?? 'default'
  const labels = metadata.labels ?? {}
  const requests = requestsOf(pod)
  const usualCpuMillis = usual(spec, 'cpu', USUAL_CPU_MILLIS)
  const usualMemoryBytes = usual(spec, 'memory', USUAL_MEMORY_BYTES)
  return {
    pod,
    uid: metadata.uid ?? `${namespace}/${metadata.name}`,
    namespace,
    name: metadata.name ?? '',
    labels,
    priority: spec.priority ?? 0,
    terminating: metadata.deletionTimestamp !== undefined,
    requests,
    amountsKey: `${requests.join(';')}|${usualCpuMillis}|${usualMemoryBytes}`,
    usualCpuMillis,
    usualMemoryBytes,
    ports: hostPortsOf(spec),
    claims: claimsOf(pod),
    terms: spec.affinity === undefined ? NO_TERMS : affinityTermsOf(pod),
    group: wordOf(pod, GROUP),
    placement: placementOf(pod),
    family: familyOf(pod),
  }
}

/** CPU in thousandths, rounded up; all else in units. */
export function amountOf(resource: string, quantity: string): number {
  return resource === 'cpu' ? quantityMilliValue(quantity) : quantityValue(quantity)
}

function requestsOf(pod: KubeObject): Requests {
  const requests: [string, number][] = []
  for (const [resource, quantity] of Object.entries(simpleRequests(pod) ?? podRequests(pod))) {
    const amount = amountOf(resource, quantity)
    if (amount > 0) requests.push([resource, amount])
  }
  return requests
}

/** Most pods are one container: then there is nothing to add up. */
function simpleRequests(pod: KubeObject): Record<string, string> | undefined {
  const { containers, initContainers, overhead }: Json = pod['spec']
  if (containers?.length !== 1 || initContainers?.length > 0 || overhead !== undefined) return undefined
  return containers[0].resources?.requests ?? {}
}

/** As Kubernetes counts for scores: each container's request or the usual figure; the larger of start and run. */
function usual(spec: Json, resource: 'cpu' | 'memory', fallback: number): number {
  const of = (container: Json): number => {
    const quantity = container.resources?.requests?.[resource]
    return quantity === undefined ? fallback : amountOf(resource, String(quantity))
  }
  let running = 0
  for (const container of spec.containers ?? []) running += of(container)
  let sidecars = 0
  let starting = 0
  for (const container of spec.initContainers ?? []) {
    const own = of(container)
    starting = Math.max(starting, sidecars + own)
    if (container.restartPolicy === 'Always') {
      sidecars += own
      running += own
    }
  }
  const overhead = spec.overhead?.[resource]
  return Math.max(running, starting) + (overhead === undefined ? 0 : amountOf(resource, String(overhead)))
}

/** Sidecars hold ports too; other init containers do not. */
function hostPortsOf(spec: Json): readonly HostPort[] {
  let ports: HostPort[] | undefined
  const collect = (container: Json) => {
    for (const { hostPort, hostIP, protocol } of container.ports ?? []) {
      if (!hostPort) continue
      ports ??= []
      ports.push({ ip: hostIP || '0.0.0.0', protocol: protocol || 'TCP', port: hostPort })
    }
  }
  for (const container of spec.containers ?? []) collect(container)
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') collect(container)
  }
  return ports ?? NO_PORTS
}

function claimsOf({ metadata, spec }: KubeObject): readonly ClaimUse[] {
  let claims: ClaimUse[] | undefined
  for (const volume of spec.volumes ?? []) {
    const named: string | undefined = volume.persistentVolumeClaim?.claimName
    if (named === undefined && volume.ephemeral === undefined) continue
    claims ??= []
    claims.push({ name: named ?? `${metadata.name}-${volume.name}`, isEphemeral: named === undefined })
  }
  return claims ?? NO_CLAIMS
}

/** A word that is neither is taken as none: Kubernetes' own scores decide. */
function placementOf(pod: KubeObject): PlacementWord | undefined {
  const word = wordOf(pod, PLACEMENT)
  return word === 'spread' || word === 'pack' ? word : undefined
}

/** Pods of one controller; without one, pods of the namespace with the same labels. */
function familyOf({ metadata }: KubeObject): string {
  const controller = metadata.ownerReferences?.find((owner) => owner.controller)
  if (controller !== undefined) return controller.uid
  const labels = Object.entries(metadata.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${metadata.namespace}/${JSON.stringify(labels)}`
}
