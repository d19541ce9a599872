// Claims without a storage class and ingresses without an ingress class get the default one.

import type { KubeObject } from '@brume/api/object'
import type { AdmissionDeps } from './deps.ts'
import { concerns } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

const STORAGE_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

export function defaultStorageClass({ reader }: Pick<AdmissionDeps, 'reader'>): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    mutate(request) {
      const { operation, object } = request
      if (operation !== 'CREATE' || object === undefined || !concerns(request, '', 'persistentvolumeclaims'))
        return
      const hasClass =
        object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined ||
        object['spec']?.storageClassName !== undefined
      if (hasClass) return
      const found = defaultOf(reader.list('storage.k8s.io', 'storageclasses', ''), STORAGE_ANNOTATIONS)
      if (found !== undefined) object['spec'].storageClassName = found.metadata.name
    },
  }
}

export function defaultIngressClass({ reader }: Pick<AdmissionDeps, 'reader'>): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    mutate(request) {
      const { operation, object } = request
      if (operation !== 'CREATE' || object === undefined) return
      if (!concerns(request, 'networking.k8s.io', 'ingresses')) return
      const hasClass =
        object.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined ||
        object['spec']?.ingressClassName !== undefined
      if (hasClass) return
      const classes = reader.list('networking.k8s.io', 'ingressclasses', '')
      const found = defaultOf(classes, ['ingressclass.kubernetes.io/is-default-class'])
      if (found === undefined) return
      object['spec'] ??= {}
      object['spec'].ingressClassName = found.metadata.name
    },
  }
}

/** Of several the newest, then the first by name. */
function defaultOf(classes: readonly KubeObject[], annotations: readonly string[]): KubeObject | undefined {
  const marked = classes.filter(({ metadata }) =>
    annotations.some((annotation) => metadata.annotations?.[annotation] === 'true'),
  )
  const [first] = marked.sort((a, b) => {
    const [newer, older] = [b.metadata.creationTimestamp ?? '', a.metadata.creationTimestamp ?? '']
    if (newer !== older) return newer < older ? -1 : 1
    return String(a.metadata.name) < String(b.metadata.name) ? -1 : 1
  })
  return first
}
