// A claim grows only when it is bound and its class allows it.

import { compareQuantity } from '@brume/base/quantity'
import type { AdmissionDeps } from './deps.ts'
import { concerns, forbid, type Json } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

export function persistentVolumeClaimResize({ reader }: Pick<AdmissionDeps, 'reader'>): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    validate(request) {
      const { operation, object, oldObject } = request
      if (operation !== 'UPDATE' || object === undefined || oldObject === undefined) return
      if (!concerns(request, '', 'persistentvolumeclaims')) return
      if (compareQuantity(sizeOf(oldObject), sizeOf(object)) >= 0) return
      if (oldObject['status']?.phase !== 'Bound') {
        throw forbid(request, 'Only bound persistent volume claims can be expanded')
      }
      const name = classNameOf(object)
      const found = name === '' ? undefined : reader.get('storage.k8s.io', 'storageclasses', '', name)
      if (name === classNameOf(oldObject) && found?.['allowVolumeExpansion'] === true) return
      throw forbid(
        request,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      )
    },
  }
}

function sizeOf(claim: Json): string {
  return claim.spec?.resources?.requests?.storage ?? '0'
}

function classNameOf(claim: Json): string {
  return claim.metadata.annotations?.[CLASS_ANNOTATION] ?? claim.spec?.storageClassName ?? ''
}
