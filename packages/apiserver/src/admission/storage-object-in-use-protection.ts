// Claims and volumes get the finalizer that keeps them while they are in use.

import { concerns } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

export function storageObjectInUseProtection(): AdmissionPlugin {
  return {
    name: 'StorageObjectInUseProtection',
    mutate(request) {
      if (request.operation !== 'CREATE' || request.object === undefined) return
      const isClaim = concerns(request, '', 'persistentvolumeclaims')
      if (!isClaim && !concerns(request, '', 'persistentvolumes')) return
      const finalizer = isClaim ? 'kubernetes.io/pvc-protection' : 'kubernetes.io/pv-protection'
      const { metadata } = request.object
      if (metadata.finalizers?.includes(finalizer)) return
      metadata.finalizers = [...(metadata.finalizers ?? []), finalizer]
    },
  }
}
