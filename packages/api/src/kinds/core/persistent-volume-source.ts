// Where the bytes of a PersistentVolume are: one rule a source, as a table.

import { type FieldError, invalid, required } from '../../field-error.ts'
import { oneOf } from '../../validate/choices.ts'
import { named } from '../../validate/fields.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../validate/names.ts'

type Rule = (source: Json, field: string) => FieldError[]

const HOST_PATH_TYPES = [
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]
const MAX_DRIVER_LENGTH = 63

/** In the order in which Kubernetes looks for them. */
const SOURCES: Readonly<Record<string, Rule>> = {
  hostPath: (source, field) => [
    ...validatePath(source.path, `${field}.path`),
    ...oneOf(source.type, `${field}.type`, HOST_PATH_TYPES),
  ],
  gcePersistentDisk: (source) => [
    ...needs(source, 'spec.persistentDisk', ['pdName']),
    ...validatePartition(source.partition, 'spec.persistentDisk.partition'),
  ],
  awsElasticBlockStore: (source, field) => [
    ...needs(source, field, ['volumeID']),
    ...validatePartition(source.partition, `${field}.partition`),
  ],
  glusterfs: (source, field) => needs(source, field, ['endpoints', 'path']),
  flocker: () => [],
  nfs: (source, field) => {
    const errors = needs(source, field, ['server', 'path'])
    if (source.path && !source.path.startsWith('/')) {
      errors.push(invalid(`${field}.path`, source.path, 'must be an absolute path'))
    }
    return errors
  },
  rbd: (source, field) => [
    ...(listOf(source.monitors).length === 0 ? [required(`${field}.monitors`)] : []),
    ...needs(source, field, ['image']),
  ],
  quobyte: (source, field) => needs(source, field, ['registry', 'volume']),
  cephfs: (source, field) => (listOf(source.monitors).length === 0 ? [required(`${field}.monitors`)] : []),
  iscsi: validateISCSI,
  cinder: (source, field) => [
    ...needs(source, field, ['volumeID']),
    ...validateSecretRef(source.secretRef, `${field}.secretRef`),
  ],
  fc: validateFibreChannel,
  flexVolume: (source, field) => [
    ...needs(source, field, ['driver']),
    ...validateSecretRef(source.secretRef, `${field}.secretRef`),
  ],
  azureFile: (source, field) => needs(source, field, ['secretName', 'shareName']),
  vsphereVolume: (source, field) => needs(source, field, ['volumePath']),
  photonPersistentDisk: (source, field) => needs(source, field, ['pdID']),
  portworxVolume: (source, field) => needs(source, field, ['volumeID']),
  azureDisk: (source, field) => [
    ...needs(source, field, ['diskName', 'diskURI']),
    ...oneOf(source.cachingMode, `${field}.cachingMode`, ['None', 'ReadOnly', 'ReadWrite']),
    ...oneOf(source.kind, `${field}.kind`, ['Dedicated', 'Managed', 'Shared']),
  ],
  scaleIO: (source, field) => needs(source, field, ['gateway', 'system', 'volumeName']),
  local: (source, field) => validatePath(source.path, `${field}.path`),
  storageos: (source, field) => needs(source, field, ['volumeName']),
  csi: validateCSI,
}

/** Names of the sources that are set; a valid volume has one. */
export function sourcesOf(spec: Json): string[] {
  return Object.keys(SOURCES).filter((name) => spec[name] !== undefined && spec[name] !== null)
}

export function validateSource(name: string, source: Json): FieldError[] {
  return SOURCES[name]!(source, `spec.${name}`)
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

function validatePath(path: string | undefined, field: string): FieldError[] {
  if (!path) return [required(field)]
  const climbs = path.split('/').includes('..')
  return climbs ? [invalid(field, path, "must not contain '..'")] : []
}

function validatePartition(partition: number | undefined, field: string): FieldError[] {
  if (partition === undefined || (partition >= 0 && partition <= 255)) return []
  return [invalid(field, partition, 'must be between 1 and 255, inclusive')]
}

function validateSecretRef(ref: Json, field: string): FieldError[] {
  return ref ? needs(ref, field, ['name', 'namespace']) : []
}

function validateISCSI(source: Json, field: string): FieldError[] {
  const errors = needs(source, field, ['targetPortal', 'iqn'])
  const iqn: string = source.iqn ?? ''
  const isName = /^iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+(:[^,;*&$|\s]+)?$/.test(iqn)
  const isOther = /^eui\.[A-Za-z0-9]{16}$/.test(iqn) || /^naa\.[A-Za-z0-9]{32}$/.test(iqn)
  if (iqn !== '' && !isName && !isOther) errors.push(invalid(`${field}.iqn`, iqn, 'must be valid format'))
  if ((source.lun ?? 0) < 0 || (source.lun ?? 0) > 255) {
    errors.push(invalid(`${field}.lun`, source.lun, 'must be between 0 and 255, inclusive'))
  }
  const usesChap = source.chapAuthDiscovery || source.chapAuthSession
  if (usesChap && !source.secretRef) errors.push(required(`${field}.secretRef`))
  return [...errors, ...validateSecretRef(source.secretRef, `${field}.secretRef`)]
}

function validateFibreChannel(source: Json, field: string): FieldError[] {
  const hasTargets = listOf(source.targetWWNs).length > 0
  const hasIds = listOf(source.wwids).length > 0
  if (!hasTargets && !hasIds) {
    return [required(`${field}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both')]
  }
  const errors: FieldError[] = []
  if (hasTargets && hasIds) {
    const why = 'targetWWNs and wwids can not be specified simultaneously'
    errors.push(invalid(`${field}.targetWWNs`, source.targetWWNs, why))
  }
  if (!hasTargets) return errors
  const lun = source.lun ?? null
  if (lun === null) errors.push(required(`${field}.lun`, 'lun is required if targetWWNs is specified'))
  else if (lun < 0 || lun > 255) {
    errors.push(invalid(`${field}.lun`, lun, 'must be between 0 and 255, inclusive'))
  }
  return errors
}

function validateCSI(source: Json, field: string): FieldError[] {
  const errors = validateCSIDriverName(source.driver ?? '', `${field}.driver`)
  errors.push(...needs(source, field, ['volumeHandle']))
  for (const name of [
    'controllerPublishSecretRef',
    'nodePublishSecretRef',
    'controllerExpandSecretRef',
    'nodeExpandSecretRef',
  ]) {
    const ref = source[name]
    if (!ref) continue
    const at = `${field}.${name}`
    errors.push(...needs(ref, at, ['name', 'namespace']))
    if (ref.name) errors.push(...named(`${at}.name`, ref.name, isDNS1123Subdomain))
    if (ref.namespace) errors.push(...named(`${at}.namespace`, ref.namespace, isDNS1123Label))
  }
  return errors
}

/** A DNS subdomain in any case, of at most 63 characters. */
export function validateCSIDriverName(name: string, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (name === '') errors.push(required(field))
  if (name.length > MAX_DRIVER_LENGTH) {
    errors.push({
      type: 'FieldValueTooLong',
      field,
      message: `Too long: may not be more than ${MAX_DRIVER_LENGTH} bytes`,
    })
  }
  return [...errors, ...named(field, name.toLowerCase(), isDNS1123Subdomain)]
}
