// From a pod template to a pod, and the hash that names a template.

import type { KubeObject } from '@brume/api/object'
import { deepClone } from '@brume/base/values'
import { controllerReference, type OwnerKind } from './owner.ts'

export interface PodTemplate {
  metadata?: KubeObject['metadata'] | null
  // biome-ignore lint/suspicious/noExplicitAny: a pod's spec is data here
  spec: any
}

/** Letters and digits that spell no words (Kubernetes' SafeEncodeString). */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789'
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** A pod named by the server after its owner. */
export function podOf(template: PodTemplate, owner: KubeObject, kind: OwnerKind): KubeObject {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace!,
      labels: { ...labels },
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner, kind)],
    },
    spec: deepClone(template.spec),
  }
}

/** Short, stable, the same for the same content whatever the order of its keys. */
export function hashOf(content: unknown, collisionCount: number | undefined): string {
  const text = canonical(content) + (collisionCount === undefined ? '' : `#${collisionCount}`)
  let hash = FNV_OFFSET
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0
  return [...String(hash)].map((digit) => SAFE[digit.charCodeAt(0) % SAFE.length]).join('')
}

/** JSON with sorted keys; absent, null and empty maps are one. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'bigint' ? `${value}` : JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && item !== null)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`
}
