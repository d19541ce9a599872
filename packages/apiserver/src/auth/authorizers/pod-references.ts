// What a pod refers to by name: what its node must be able to read.

import type { KubeObject } from '@brume/api/object'

export interface PodReferences {
  secrets: ReadonlySet<string>
  configMaps: ReadonlySet<string>
  claims: ReadonlySet<string>
  serviceAccount: string
}

// biome-ignore lint/suspicious/noExplicitAny: fields of a pod, checked by its schema
type Json = any

/** Volume sources that name a Secret for the node: source -> field. */
const SECRET_FIELDS: readonly (readonly [string, string])[] = [
  ['cephfs', 'secretRef'],
  ['cinder', 'secretRef'],
  ['flexVolume', 'secretRef'],
  ['iscsi', 'secretRef'],
  ['rbd', 'secretRef'],
  ['scaleIO', 'secretRef'],
  ['storageos', 'secretRef'],
  ['csi', 'nodePublishSecretRef'],
]

export function podReferences(pod: KubeObject): PodReferences {
  const spec: Json = pod['spec'] ?? {}
  const secrets = new Set<string>()
  const configMaps = new Set<string>()
  const claims = new Set<string>()
  const add = (to: Set<string>, name: unknown) => {
    if (typeof name === 'string' && name !== '') to.add(name)
  }
  for (const ref of spec.imagePullSecrets ?? []) add(secrets, ref.name)
  for (const container of containersOf(spec)) {
    for (const { secretRef, configMapRef } of container.envFrom ?? []) {
      add(secrets, secretRef?.name)
      add(configMaps, configMapRef?.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      add(secrets, valueFrom?.secretKeyRef?.name)
      add(configMaps, valueFrom?.configMapKeyRef?.name)
    }
  }
  for (const volume of spec.volumes ?? []) {
    add(secrets, volume.secret?.secretName)
    add(secrets, volume.azureFile?.secretName)
    for (const [source, field] of SECRET_FIELDS) add(secrets, volume[source]?.[field]?.name)
    add(configMaps, volume.configMap?.name)
    add(claims, volume.persistentVolumeClaim?.claimName)
    if (volume.ephemeral !== undefined) add(claims, `${pod.metadata.name}-${volume.name}`)
    for (const source of volume.projected?.sources ?? []) {
      add(secrets, source.secret?.name)
      add(configMaps, source.configMap?.name)
    }
  }
  return { secrets, configMaps, claims, serviceAccount: spec.serviceAccountName ?? '' }
}

/** Containers of every kind, in Kubernetes' order: init, ordinary, ephemeral. */
export function containersOf(spec: Json): Json[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]
}
