// The ConfigMaps and Secrets that one container's variables come from.

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'
import type { ContainerSpec, ObjectSource, Pod } from '../contract.ts'

export type EnvObjectKind = 'ConfigMap' | 'Secret'

/** undefined: the object does not exist. */
export type EnvObjects = (kind: EnvObjectKind, name: string) => KubeObject | undefined

/** Asks for each of them once. Errors of `objects.get`. */
export async function loadEnvObjects(
  objects: Pick<ObjectSource, 'get'>,
  pod: Pod,
  container: ContainerSpec,
): Promise<EnvObjects> {
  const namespace = pod.metadata.namespace ?? ''
  const loaded = new Map<string, KubeObject | undefined>()
  await Promise.all(
    envReferences(container).map(async ({ kind, name }) => {
      loaded.set(`${kind}/${name}`, await objects.get(kind, namespace, name))
    }),
  )
  return (kind, name) => loaded.get(`${kind}/${name}`)
}

/** Each once. */
export function envReferences(container: ContainerSpec): { kind: EnvObjectKind; name: string }[] {
  const found = new Map<string, { kind: EnvObjectKind; name: string }>()
  const add = (kind: EnvObjectKind, ref: Json) => {
    if (ref?.name) found.set(`${kind}/${ref.name}`, { kind, name: ref.name })
  }
  for (const { configMapRef, secretRef } of listOf(container['envFrom'])) {
    add('ConfigMap', configMapRef)
    add('Secret', secretRef)
  }
  for (const { valueFrom } of listOf(container['env'])) {
    add('ConfigMap', valueFrom?.configMapKeyRef)
    add('Secret', valueFrom?.secretKeyRef)
  }
  return [...found.values()]
}
