// Where the bytes of a PersistentVolume are. Most sources are those of pods; some have more to say here.

import { type FieldError, required } from '../../field-error.ts'
import { named } from '../../validate/fields.ts'
import type { Json } from '../../validate/json.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../validate/names.ts'
import { validateNoBacksteps } from './pod/paths.ts'
import { validateRemoteSource } from './pod/remote-volumes.ts'
import { validateCsiDriverName, validateLocalSource } from './pod/volume-sources.ts'

/** In the order in which Kubernetes looks for them. */
const SOURCES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
]
const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'nodePublishSecretRef',
  'controllerExpandSecretRef',
  'nodeExpandSecretRef',
]

/** Names of the sources that are set; a valid volume has one. */
export function sourcesOf(spec: Json): string[] {
  return SOURCES.filter((name) => spec[name] !== undefined && spec[name] !== null)
}

/** `volumeName` counts in the length of an iSCSI portal's path. */
export function validateSource(type: string, spec: Json, volumeName: string): FieldError[] {
  const source = spec[type]
  const field = `spec.${type}`
  if (type === 'csi') return validateCSI(source, field)
  if (type === 'local') return validateLocal(source, field)
  if (type === 'hostPath') return validateLocalSource(type, source, { field, isPod: false }) ?? []
  const errors = validateRemoteSource(type, { name: volumeName, [type]: source }, 'spec')
  const secret = ['cinder', 'flexVolume', 'iscsi'].includes(type) ? source.secretRef : undefined
  if (secret && !secret.namespace) errors.push(required(`${field}.secretRef.namespace`))
  return errors
}

export function setSourceDefaults(spec: Json): void {
  if (spec.hostPath) spec.hostPath.type ??= ''
  if (spec.iscsi) spec.iscsi.iscsiInterface ||= 'default'
  if (spec.rbd) {
    spec.rbd.pool ||= 'rbd'
    spec.rbd.user ||= 'admin'
    spec.rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (spec.azureDisk) {
    spec.azureDisk.cachingMode ??= 'ReadWrite'
    spec.azureDisk.fsType ??= 'ext4'
    spec.azureDisk.readOnly ??= false
    spec.azureDisk.kind ??= 'Shared'
  }
  if (spec.scaleIO) {
    spec.scaleIO.storageMode ||= 'ThinProvisioned'
    spec.scaleIO.fsType ||= 'xfs'
  }
}

function needs(source: Json, field: string, names: string[]): FieldError[] {
  return names.filter((name) => !source[name]).map((name) => required(`${field}.${name}`))
}

function validateLocal(source: Json, field: string): FieldError[] {
  if (!source.path) return [required(`${field}.path`)]
  return validateNoBacksteps(source.path, `${field}.path`)
}

function validateCSI(source: Json, field: string): FieldError[] {
  const errors = validateCsiDriverName(source.driver ?? '', `${field}.driver`)
  errors.push(...needs(source, field, ['volumeHandle']))
  for (const name of CSI_SECRETS) {
    const ref = source[name]
    if (!ref) continue
    const at = `${field}.${name}`
    errors.push(...needs(ref, at, ['name', 'namespace']))
    if (ref.name) errors.push(...named(`${at}.name`, ref.name, isDNS1123Subdomain))
    if (ref.namespace) errors.push(...named(`${at}.namespace`, ref.namespace, isDNS1123Label))
  }
  return errors
}
