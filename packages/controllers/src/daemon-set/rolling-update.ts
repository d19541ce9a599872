// Replacing old daemon pods a few nodes at a time: without surge the old one goes first, with surge the new one comes.

import type { KubeObject } from '@brume/api/object'
import { isLeaving } from '../pod-control/owner.ts'
import { isAvailable, isFinished } from '../pod-control/pod-state.ts'
import { isOfRevision } from './daemon-pod.ts'
import type { Place } from './places.ts'
import { boundsOf } from './status.ts'

export interface Update {
  set: KubeObject
  places: readonly Place[]
  revision: KubeObject
  /** Pods that this round deletes anyway. */
  going: ReadonlySet<KubeObject>
}

export interface UpdateMoves {
  create: string[]
  remove: KubeObject[]
}

interface Versions {
  next: KubeObject | undefined
  old: KubeObject | undefined
  /** Several of one version: that is being put right first. */
  unclear: boolean
}

export function rollingUpdate(update: Update, now: number): UpdateMoves {
  const { surge, unavailable } = boundsOf(update.set, update.places)
  return surge > 0
    ? { create: surgeNodes(update, surge, now), remove: [] }
    : { create: [], remove: replacedPods(update, unavailable, now) }
}

/** Old pods that are not available go at once, others as far as few enough nodes are without one. */
function replacedPods(update: Update, limit: number, now: number): KubeObject[] {
  const isUp = (pod: KubeObject) => isAvailable(pod, update.set['spec'].minReadySeconds ?? 0, now)
  const broken: KubeObject[] = []
  const candidates: KubeObject[] = []
  let unavailable = 0
  for (const place of update.places.filter(isWanted)) {
    const { next, old, unclear } = versionsOn(place, update)
    if (unclear || (next === undefined) === (old === undefined)) unavailable++
    else if (next !== undefined) unavailable += isUp(next) ? 0 : 1
    else if (isUp(old!)) candidates.push(old!)
    else {
      unavailable++
      broken.push(old!)
    }
  }
  return [...broken, ...candidates.slice(0, Math.max(0, limit - unavailable))]
}

function surgeNodes(update: Update, limit: number, now: number): string[] {
  const isUp = (pod: KubeObject) => isAvailable(pod, update.set['spec'].minReadySeconds ?? 0, now)
  const broken: string[] = []
  const candidates: string[] = []
  let surged = 0
  for (const place of update.places.filter(isWanted)) {
    const { next, old, unclear } = versionsOn(place, update)
    if (unclear || (next !== undefined && old !== undefined)) surged++
    else if (old === undefined) continue
    else if (isUp(old)) candidates.push(place.node)
    else broken.push(place.node)
  }
  return [...broken, ...candidates.slice(0, Math.max(0, limit - surged))]
}

function versionsOn({ pods }: Place, { revision, going }: Update): Versions {
  const staying = pods.filter((pod) => !isLeaving(pod) && !going.has(pod) && !isFinished(pod))
  const next = staying.filter((pod) => isOfRevision(pod, revision))
  const old = staying.filter((pod) => !isOfRevision(pod, revision))
  return { next: next[0], old: old[0], unclear: next.length > 1 || old.length > 1 }
}

function isWanted({ fit, pods }: Place): boolean {
  return fit.run || (fit.stay && pods.length > 0)
}
