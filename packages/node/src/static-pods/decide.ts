// From what the files say and what the API has to what is to be done. Pure.

import type { KubeObject } from '@brume/api/object'
import { type BadManifest, HASH, type Manifest, MIRROR, SOURCE } from './manifest.ts'

export interface ObservedStatic {
  manifests: readonly (Manifest | BadManifest)[]
  /** Pods of this node. */
  pods: Iterable<KubeObject>
}

export type StaticAction =
  | { type: 'create'; path: string; pod: KubeObject }
  /** Another one follows when it is gone, if its file is still there. */
  | { type: 'delete'; pod: KubeObject }
  | { type: 'say'; path: string; problem: string }

export function decideStaticPods({ manifests, pods }: ObservedStatic): StaticAction[] {
  const present = new Map([...pods].map((pod) => [keyOf(pod), pod]))
  const actions: StaticAction[] = []
  const wanted = new Map<string, Manifest>()
  const unreadable = new Set<string>()
  for (const manifest of manifests) {
    if (!('pod' in manifest)) {
      actions.push({ type: 'say', ...manifest })
      unreadable.add(manifest.path)
      continue
    }
    const key = keyOf(manifest.pod)
    const other = wanted.get(key)
    if (other === undefined) wanted.set(key, manifest)
    else actions.push({ type: 'say', path: manifest.path, problem: `its pod ${key} is in ${other.path} too` })
  }
  for (const [key, { path, pod, hash }] of wanted) {
    const found = present.get(key)
    if (found === undefined) actions.push({ type: 'create', path, pod })
    else if (!isMirror(found)) {
      actions.push({ type: 'say', path, problem: `there is a pod ${key} that is not of this file` })
    } else if (found.metadata.annotations?.[HASH] !== hash) actions.push(...deletion(found))
  }
  // A file that cannot be read just now may be half written: what runs stays until it can.
  if (unreadable.size > 0) return actions
  for (const [key, pod] of present) {
    if (isMirror(pod) && !wanted.has(key)) actions.push(...deletion(pod))
  }
  return actions
}

function deletion(pod: KubeObject): StaticAction[] {
  return pod.metadata.deletionTimestamp === undefined ? [{ type: 'delete', pod }] : []
}

/** Mirrors that came from elsewhere (another kubelet's API) are not ours. */
export function isMirror({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[MIRROR] !== undefined && metadata.annotations[SOURCE] === 'file'
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`
}
