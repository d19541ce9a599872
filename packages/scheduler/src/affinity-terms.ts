// The terms of pod affinity and anti-affinity, ready to be matched, with a key that equal terms share.

import type { KubeObject } from '@brume/api/object'
import type { LabelSelector } from '@brume/api/selectors/label-selector'
import { fromStructured } from '@brume/api/selectors/structured'
import type { Json } from './pod-info.ts'

export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined

/** Which pods: those whose labels and namespace match. */
export interface PodMatcher {
  readonly key: string
  readonly selector: LabelSelector
  readonly namespaces: readonly string[]
  /** undefined: the listed namespaces only. */
  readonly namespaceSelector: LabelSelector | undefined
}

export interface AffinityTerm extends PodMatcher {
  readonly topologyKey: string
  /** 1 to 100; 0 for required terms. */
  readonly weight: number
}

export interface AffinityTerms {
  readonly required: readonly AffinityTerm[]
  readonly requiredAnti: readonly AffinityTerm[]
  readonly preferred: readonly AffinityTerm[]
  readonly preferredAnti: readonly AffinityTerm[]
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
export const NO_TERMS: AffinityTerms = { required: [], requiredAnti: [], preferred: [], preferredAnti: [] }

export function affinityTermsOf(pod: KubeObject): AffinityTerms {
  const { podAffinity, podAntiAffinity }: Json = pod['spec'].affinity
  if (podAffinity === undefined && podAntiAffinity === undefined) return NO_TERMS
  const namespace = pod.metadata.namespace ?? 'default'
  const plain = (terms: Json[] = []) => terms.map((term) => termOf(term, namespace, 0))
  const weighted = (terms: Json[] = []) =>
    terms.map(({ podAffinityTerm, weight }) => termOf(podAffinityTerm, namespace, weight))
  return {
    required: plain(podAffinity?.[REQUIRED]),
    requiredAnti: plain(podAntiAffinity?.[REQUIRED]),
    preferred: weighted(podAffinity?.[PREFERRED]),
    preferredAnti: weighted(podAntiAffinity?.[PREFERRED]),
  }
}

export function podMatcher(options: {
  labelSelector: Json
  namespaces: readonly string[]
  namespaceSelector?: Json
}): PodMatcher {
  const { labelSelector, namespaces, namespaceSelector } = options
  return {
    key: JSON.stringify([labelSelector, namespaces, namespaceSelector]),
    selector: fromStructured(labelSelector),
    namespaces,
    namespaceSelector: namespaceSelector === undefined ? undefined : fromStructured(namespaceSelector),
  }
}

export function matchesPod(
  matcher: PodMatcher,
  pod: { namespace: string; labels: Readonly<Record<string, string>> },
  namespaceLabels: NamespaceLabels,
): boolean {
  const { namespaces, namespaceSelector, selector } = matcher
  const inNamespace =
    namespaces.includes(pod.namespace) ||
    namespaceSelector?.matches(namespaceLabels(pod.namespace) ?? {}) === true
  return inNamespace && selector.matches(pod.labels)
}

/** Without namespaces and a selector of them, a term means the pod's own namespace. */
function termOf(term: Json, own: string, weight: number): AffinityTerm {
  const { labelSelector, namespaceSelector, topologyKey } = term
  const listed: string[] = term.namespaces ?? []
  const namespaces = listed.length === 0 && !namespaceSelector ? [own] : listed
  const matcher = podMatcher({ labelSelector, namespaces, namespaceSelector: namespaceSelector ?? undefined })
  return { ...matcher, key: `${matcher.key}${topologyKey}`, topologyKey, weight }
}
