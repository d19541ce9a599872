// Which PersistentVolume suits a claim: the smallest that is large enough. The binder asks without a node, the scheduler
// for one node after another.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { quantityValue } from '@brume/base/quantity'
import { matchesTerm } from './node-match.ts'
import type { Json } from './pod-info.ts'

const CLASS_BEFORE_1_6 = 'volume.beta.kubernetes.io/storage-class'

export interface MatchOptions {
  /** Only volumes that this node reaches. */
  node?: KubeObject
  /** The claim waits for its first pod: only a volume that names the claim suits it now. */
  isDelayed?: boolean
  /** Names that are spoken for. */
  taken?: ReadonlySet<string>
}

export function matchingVolume(
  claim: KubeObject,
  volumes: Iterable<KubeObject>,
  { node, isDelayed = false, taken }: MatchOptions = {},
): KubeObject | undefined {
  let best: KubeObject | undefined
  for (const volume of volumes) {
    if (taken?.has(volume.metadata.name!)) continue
    const reference = volume['spec']?.claimRef
    if (reference !== undefined && !isReservedFor(volume, claim)) continue
    if (!isLargeEnough(volume, claim) || modeOf(volume) !== modeOf(claim)) continue
    const isReached = node === undefined || reaches(volume, node)
    // Someone chose it: nothing else will do.
    if (reference !== undefined) return isReached ? volume : undefined
    if (isDelayed || !isReached || volume.metadata.deletionTimestamp !== undefined) continue
    if (volume['status']?.phase !== 'Available' || !suits(volume, claim)) continue
    if (best === undefined || isCloser(volume, best)) best = volume
  }
  return best
}

/** The volume names this claim; without a uid it was reserved before the claim existed. */
export function isReservedFor(volume: KubeObject, { metadata }: KubeObject): boolean {
  const reference = volume['spec']?.claimRef
  if (reference?.name !== metadata.name || reference?.namespace !== metadata.namespace) return false
  return !reference.uid || reference.uid === metadata.uid
}

/** Without a node affinity a volume is reached from everywhere. */
export function reaches(volume: KubeObject, node: KubeObject): boolean {
  const terms: Json[] | undefined = volume['spec']?.nodeAffinity?.required?.nodeSelectorTerms
  return terms === undefined || terms.some((term) => matchesTerm(term, node))
}

/** Of a claim or a volume; '': none. */
export function storageClassOf({ metadata, spec }: KubeObject): string {
  return metadata.annotations?.[CLASS_BEFORE_1_6] ?? spec?.storageClassName ?? ''
}

/** Why a volume that the claim names cannot be its own; undefined: it can. */
export function mismatch(volume: KubeObject, claim: KubeObject): string | undefined {
  if (!isLargeEnough(volume, claim)) return 'requested PV is too small'
  if (storageClassOf(volume) !== storageClassOf(claim)) return 'storageClassName does not match'
  if (modeOf(volume) !== modeOf(claim)) return 'incompatible volumeMode'
  return hasAccessModes(volume, claim) ? undefined : 'incompatible accessMode'
}

function suits(volume: KubeObject, claim: KubeObject): boolean {
  const { selector } = claim['spec']
  if (selector !== undefined && !fromStructured(selector).matches(volume.metadata.labels)) return false
  return storageClassOf(volume) === storageClassOf(claim) && hasAccessModes(volume, claim)
}

function hasAccessModes(volume: KubeObject, claim: KubeObject): boolean {
  const offered: string[] = volume['spec'].accessModes ?? []
  return (claim['spec'].accessModes ?? []).every((mode: string) => offered.includes(mode))
}

/** Fewer modes that nobody asked for first, then less room. */
function isCloser(a: KubeObject, b: KubeObject): boolean {
  const [modesOfA, modesOfB] = [a['spec'].accessModes?.length ?? 0, b['spec'].accessModes?.length ?? 0]
  return modesOfA === modesOfB ? capacityOf(a) < capacityOf(b) : modesOfA < modesOfB
}

function isLargeEnough(volume: KubeObject, { spec }: KubeObject): boolean {
  return capacityOf(volume) >= quantityValue(spec.resources?.requests?.storage ?? '0')
}

function capacityOf({ spec }: KubeObject): number {
  return quantityValue(spec.capacity?.storage ?? '0')
}

function modeOf({ spec }: KubeObject): string {
  return spec.volumeMode ?? 'Filesystem'
}
