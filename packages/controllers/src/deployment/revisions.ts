// Which ReplicaSet is of the Deployment's template, which revision each is, and the annotations that say so.

import type { KubeObject } from '@brume/api/object'
import { semanticEqual } from '@brume/api/validate/immutable'
import { controllerReference } from '../pod-control/owner.ts'
import { hashOf } from '../pod-control/template.ts'
import { annotatedCount, boundsOf, DESIRED, desiredOf, MAX_REPLICAS, newSize, olderFirst } from './rollout.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'
export const HASH = 'pod-template-hash'
export const DEPLOYMENT_KIND = { apiVersion: 'apps/v1', kind: 'Deployment' }

/** These are a Deployment's own and not copied to its ReplicaSets. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  HISTORY,
  DESIRED,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
])
const MAX_HISTORY_CHARS = 2000

export type Annotations = Record<string, string>

/** The oldest one of the Deployment's template, so that two of them never fight. */
export function findNew(deployment: KubeObject, sets: readonly KubeObject[]): KubeObject | undefined {
  return [...sets].sort(olderFirst).find((set) => hasTemplate(deployment, set))
}

export function hasTemplate(deployment: KubeObject, set: KubeObject): boolean {
  return semanticEqual(withoutHash(deployment['spec'].template), withoutHash(set['spec'].template))
}

export function revisionOf(set: KubeObject): number {
  return annotatedCount(set, REVISION) ?? 0
}

export function nextRevision(old: readonly KubeObject[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1
}

export function hashOfTemplate(deployment: KubeObject): string {
  return hashOf(deployment['spec'].template, deployment['status']?.collisionCount)
}

export function nameOfNew(deployment: KubeObject): string {
  return `${deployment.metadata.name}-${hashOfTemplate(deployment)}`
}

/** The ReplicaSet of the Deployment's template, to be created beside the `old` ones. */
export function newReplicaSet(deployment: KubeObject, old: readonly KubeObject[]): KubeObject {
  const { selector, template, minReadySeconds } = deployment['spec']
  const hash = hashOfTemplate(deployment)
  const labels = { ...template.metadata?.labels, [HASH]: hash }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: nameOfNew(deployment),
      namespace: deployment.metadata.namespace!,
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        ...sizeAnnotations(deployment),
        [REVISION]: String(nextRevision(old)),
      },
      ownerReferences: [controllerReference(deployment, DEPLOYMENT_KIND)],
    },
    spec: {
      replicas: newSize(deployment, old, 0),
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}

/** What the annotations of the new ReplicaSet should be: the Deployment's, and its revision as the newest. */
export function newAnnotations(
  deployment: KubeObject,
  set: KubeObject,
  old: readonly KubeObject[],
): Annotations {
  const current = set.metadata.annotations ?? {}
  const revision = nextRevision(old)
  const annotations = { ...current, ...copiedAnnotations(deployment) }
  if (revisionOf(set) >= revision) return annotations
  annotations[REVISION] = String(revision)
  if (current[REVISION] !== undefined) annotations[HISTORY] = withHistory(current[HISTORY], current[REVISION])
  return annotations
}

export function sizeAnnotations(deployment: KubeObject): Annotations {
  const desired = desiredOf(deployment)
  return { [DESIRED]: String(desired), [MAX_REPLICAS]: String(desired + boundsOf(deployment).surge) }
}

/** The revisions that a ReplicaSet has been before; the oldest are dropped when there are too many. */
function withHistory(history: string | undefined, revision: string): string {
  const all = [...(history ? history.split(',') : []), revision]
  while (all.length > 1 && all.join().length > MAX_HISTORY_CHARS) all.shift()
  return all.join()
}

function copiedAnnotations({ metadata }: KubeObject): Annotations {
  const entries = Object.entries(metadata.annotations ?? {})
  return Object.fromEntries(entries.filter(([name]) => !NOT_COPIED.has(name)))
}

function withoutHash(template: KubeObject): object {
  const { [HASH]: _, ...labels } = template.metadata?.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}
