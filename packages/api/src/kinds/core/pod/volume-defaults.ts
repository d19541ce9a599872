// Defaults of one volume of a pod.

import { type Json, listOf } from '../../../validate/json.ts'
import { setClaimSpecDefaults } from '../claim-spec.ts'

const FILE_MODE = 0o644
const TOKEN_SECONDS = 3600

export function defaultVolume(volume: Json): void {
  if (Object.keys(volume).every((key) => key === 'name' || volume[key] === null)) volume.emptyDir = {}
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source) source.defaultMode ??= FILE_MODE
  }
  defaultFieldRefs(volume.downwardAPI)
  for (const source of listOf(volume.projected?.sources)) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= TOKEN_SECONDS
    defaultFieldRefs(source.downwardAPI)
  }
  if (volume.hostPath) volume.hostPath.type ??= ''
  if (volume.ephemeral?.volumeClaimTemplate?.spec) {
    setClaimSpecDefaults(volume.ephemeral.volumeClaimTemplate.spec)
  }
  defaultRemote(volume)
}

function defaultRemote(volume: Json): void {
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= 'default'
  if (volume.rbd) {
    volume.rbd.pool ||= 'rbd'
    volume.rbd.user ||= 'admin'
    volume.rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (volume.scaleIO) {
    volume.scaleIO.storageMode ||= 'ThinProvisioned'
    volume.scaleIO.fsType ||= 'xfs'
  }
  if (volume.azureDisk) {
    volume.azureDisk.cachingMode ??= 'ReadWrite'
    volume.azureDisk.kind ??= 'Shared'
    volume.azureDisk.fsType ??= 'ext4'
    volume.azureDisk.readOnly ??= false
  }
}

function defaultFieldRefs(source: Json): void {
  for (const item of listOf(source?.items)) {
    if (item.fieldRef) item.fieldRef.apiVersion ??= 'v1'
  }
}
