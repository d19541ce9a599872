// ControllerRevisions: the templates that a StatefulSet or DaemonSet has had, numbered, as patches that bring them back
// (what `kubectl rollout undo` sends).

import type { KubeObject } from '@brume/api/object'
import { semanticEqual } from '@brume/api/validate/immutable'
import { controllerReference, type OwnerKind } from './owner.ts'
import { hashOf, type PodTemplate } from './template.ts'

export const REVISION_HASH = 'controller-revision-hash'

export interface History {
  owner: KubeObject
  kind: OwnerKind
  /** The owner's own. */
  revisions: readonly KubeObject[]
  /** The object that has the name of the next revision, whoever's it is. */
  namesake: KubeObject | undefined
}

export type HistoryStep =
  | { type: 'createRevision'; revision: KubeObject }
  | { type: 'updateRevision'; revision: KubeObject }
  | { type: 'collision'; collisionCount: number }

export interface Latest {
  /** Of the owner's template; undefined until it exists. */
  revision: KubeObject | undefined
  /** To be done before anything else. */
  step?: HistoryStep
}

/** The revision of the owner's template, which must be the newest. */
export function latestRevision({ owner, kind, revisions, namesake }: History): Latest {
  const wanted = newRevision(owner, kind, nextNumber(revisions))
  const equal = revisions.filter((known) => semanticEqual(known['data'], wanted['data'])).sort(byNumber)
  const found = equal.at(-1)
  if (found === undefined) {
    if (namesake !== undefined)
      return { revision: undefined, step: { type: 'collision', collisionCount: collisions(owner) + 1 } }
    return { revision: undefined, step: { type: 'createRevision', revision: wanted } }
  }
  if (found['revision'] === nextNumber(revisions) - 1) return { revision: found }
  const revision = { ...found, revision: nextNumber(revisions) }
  return { revision, step: { type: 'updateRevision', revision } }
}

export function revisionName(owner: KubeObject): string {
  return `${owner.metadata.name}-${hashOf(dataOf(owner), owner['status']?.collisionCount)}`
}

/** The template that a revision brings back. */
export function templateOf(revision: KubeObject): PodTemplate {
  const { $patch: _, ...template } = revision['data'].spec.template
  return template
}

/** The oldest revisions beyond the limit that nothing uses. */
export function surplusRevisions(
  revisions: readonly KubeObject[],
  isLive: (revision: KubeObject) => boolean,
  limit: number,
): KubeObject[] {
  const unused = revisions.filter((revision) => !isLive(revision)).sort(byNumber)
  return unused.slice(0, Math.max(0, unused.length - limit))
}

export function hashLabel(revision: KubeObject): string {
  return revision.metadata.labels?.[REVISION_HASH] ?? ''
}

function newRevision(owner: KubeObject, kind: OwnerKind, revision: number): KubeObject {
  const name = revisionName(owner)
  const hash = name.slice(owner.metadata.name!.length + 1)
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      namespace: owner.metadata.namespace!,
      labels: { ...owner['spec'].template.metadata?.labels, [REVISION_HASH]: hash },
      ...(owner.metadata.annotations === undefined ? {} : { annotations: { ...owner.metadata.annotations } }),
      ownerReferences: [controllerReference(owner, kind)],
    },
    data: dataOf(owner),
    revision,
  }
}

function dataOf(owner: KubeObject): object {
  return { spec: { template: { ...owner['spec'].template, $patch: 'replace' } } }
}

function collisions(owner: KubeObject): number {
  return owner['status']?.collisionCount ?? 0
}

function nextNumber(revisions: readonly KubeObject[]): number {
  return Math.max(0, ...revisions.map((known) => Number(known['revision']))) + 1
}

function byNumber(a: KubeObject, b: KubeObject): number {
  return a['revision'] - b['revision'] || (a.metadata.name! < b.metadata.name! ? -1 : 1)
}
