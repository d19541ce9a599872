// The ConfigMaps and Secrets that a pod refers to: these, and no others, its node may read.

import { type Json, listOf } from '@brume/api/validate/json'
import { envReferences } from '../containers/env-objects.ts'
import type { Pod } from '../contract.ts'

export interface ObjectReference {
  kind: 'ConfigMap' | 'Secret'
  namespace: string
  name: string
}

export function referenceKey({ kind, namespace, name }: ObjectReference): string {
  return `${kind}/${namespace}/${name}`
}

/** Each once, by its key. */
export function podReferences(pod: Pod): Map<string, ObjectReference> {
  const { volumes, initContainers, containers, ephemeralContainers, imagePullSecrets } = pod['spec']
  const namespace = pod.metadata.namespace ?? ''
  const found = new Map<string, ObjectReference>()
  const add = (kind: ObjectReference['kind'], name: string | undefined) => {
    if (!name) return
    const reference = { kind, namespace, name }
    found.set(referenceKey(reference), reference)
  }
  for (const list of [initContainers, containers, ephemeralContainers]) {
    for (const container of listOf(list)) {
      for (const { kind, name } of envReferences(container)) add(kind, name)
    }
  }
  for (const { name } of listOf(imagePullSecrets)) add('Secret', name)
  for (const volume of listOf(volumes)) addOfVolume(volume, add)
  return found
}

function addOfVolume(
  volume: Json,
  add: (kind: ObjectReference['kind'], name: string | undefined) => void,
): void {
  add('ConfigMap', volume.configMap?.name)
  add('Secret', volume.secret?.secretName)
  for (const { configMap, secret } of listOf(volume.projected?.sources)) {
    add('ConfigMap', configMap?.name)
    add('Secret', secret?.name)
  }
}
