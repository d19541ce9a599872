// Volume sources that name a remote system directly: network file systems, block protocols, cloud disks.

import { type FieldError, invalid, notSupported, required } from '../../../field-error.ts'
import { named } from '../../../validate/fields.ts'
import { type Json, listOf, mapOf } from '../../../validate/json.ts'
import { isDNS1123Label, rangeMessage } from '../../../validate/names.ts'

/** Fields that must not be empty, for the types that have no other rule. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  nfs: ['server', 'path'],
  iscsi: ['targetPortal', 'iqn'],
  glusterfs: ['endpoints', 'path'],
  rbd: ['monitors', 'image'],
  cinder: ['volumeID'],
  cephfs: ['monitors'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  storageos: ['volumeName'],
  scaleIO: ['gateway', 'system', 'volumeName'],
}

const QUOBYTE_REGISTRY = 'must be a host:port pair or multiple pairs separated by commas'

export function validateRemoteSource(type: string, volume: Json, volumeField: string): FieldError[] {
  const source = volume[type]
  const field = `${volumeField}.${type === 'gcePersistentDisk' ? 'persistentDisk' : type}`
  const errors = (REQUIRED[type] ?? [])
    .filter((name) => isEmpty(source[name]))
    .map((name) => required(`${field}.${name}`))
  switch (type) {
    case 'gcePersistentDisk':
    case 'awsElasticBlockStore':
      return errors.concat(inRange(source.partition ?? 0, `${field}.partition`, rangeMessage(1, 255)))
    case 'nfs':
      if (!String(source.path ?? '').startsWith('/')) {
        errors.push(invalid(`${field}.path`, source.path ?? '', 'must be an absolute path'))
      }
      return errors
    case 'iscsi':
      return errors.concat(validateIscsi(volume, volumeField, field))
    case 'fc':
      return errors.concat(validateFibreChannel(source, field))
    case 'flocker':
      return errors.concat(validateFlocker(source, field))
    case 'quobyte':
      return errors.concat(validateQuobyte(source, field))
    case 'flexVolume':
      return errors.concat(validateFlexOptions(source, field))
    case 'azureDisk':
      return errors.concat(validateAzureDisk(source, field))
    case 'storageos':
      return errors.concat(validateStorageOs(source, field))
    case 'cinder':
      return errors.concat(validateSecretName(source, field))
    default:
      return errors
  }
}

function isEmpty(value: Json): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

function inRange(value: number, field: string, message: string): FieldError[] {
  return value < 0 || value > 255 ? [invalid(field, value, message)] : []
}

function validateSecretName(source: Json, field: string): FieldError[] {
  return source.secretRef && !source.secretRef.name ? [required(`${field}.secretRef.name`)] : []
}

function validateIscsi(volume: Json, volumeField: string, field: string): FieldError[] {
  const source = volume.iscsi
  const errors: FieldError[] = []
  if (source.iqn) errors.push(...validateInitiator(source.iqn, `${field}.iqn`))
  errors.push(...inRange(source.lun ?? 0, `${field}.lun`, rangeMessage(0, 255)))
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    errors.push(required(`${field}.secretRef`))
  }
  if (typeof source.initiatorName !== 'string') return errors
  errors.push(...validateInitiator(source.initiatorName, `${field}.initiatorname`))
  if (`${volume.name ?? ''}:${source.targetPortal ?? ''}`.length > 64) {
    const why =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
    errors.push(invalid(`${volumeField}.name`, volume.name ?? '', why))
  }
  return errors
}

function validateInitiator(name: string, field: string): FieldError[] {
  const patterns: Record<string, RegExp> = {
    iqn: /iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+:[^,;*&$|\s]+$/,
    eui: /^eui.[A-Za-z0-9]{16}$/,
    naa: /^naa.[A-Za-z0-9]{32}$/,
  }
  const pattern = patterns[name.slice(0, 3)]
  if (pattern === undefined) {
    return [invalid(field, name, 'must be valid format starting with iqn, eui, or naa')]
  }
  return name.length <= 256 && pattern.test(name) ? [] : [invalid(field, name, 'must be valid format')]
}

function validateFibreChannel(source: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const targets = listOf(source.targetWWNs)
  const ids = listOf(source.wwids)
  if (targets.length === 0 && ids.length === 0) {
    errors.push(required(`${field}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'))
  }
  if (targets.length > 0 && ids.length > 0) {
    const why = 'targetWWNs and wwids can not be specified simultaneously'
    errors.push(invalid(`${field}.targetWWNs`, targets, why))
  }
  if (targets.length === 0) return errors
  if (source.lun === undefined || source.lun === null) {
    errors.push(required(`${field}.lun`, 'lun is required if targetWWNs is specified'))
  } else errors.push(...inRange(source.lun, `${field}.lun`, rangeMessage(0, 255)))
  return errors
}

function validateFlocker(source: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!source.datasetName && !source.datasetUUID) {
    errors.push(required(field, 'one of datasetName and datasetUUID is required'))
  }
  if (source.datasetName && source.datasetUUID) {
    const why = 'datasetName and datasetUUID can not be specified simultaneously'
    errors.push(invalid(field, 'resource', why))
  }
  if (source.datasetName?.includes('/')) {
    errors.push(invalid(`${field}.datasetName`, source.datasetName, "must not contain '/'"))
  }
  return errors
}

function validateQuobyte(source: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const registry: string = source.registry ?? ''
  if (registry === '') errors.push(required(`${field}.registry`, QUOBYTE_REGISTRY))
  else if ((source.tenant ?? '').length >= 65) {
    const why = 'must be a UUID and may not exceed a length of 64 characters'
    errors.push(required(`${field}.tenant`, why))
  } else {
    for (const pair of registry.split(',')) {
      if (!/^[^:]*:[^:]*$/.test(pair)) errors.push(invalid(`${field}.registry`, registry, QUOBYTE_REGISTRY))
    }
  }
  if (!source.volume) errors.push(required(`${field}.volume`))
  return errors
}

function validateFlexOptions(source: Json, field: string): FieldError[] {
  return Object.keys(mapOf(source.options))
    .filter((key) => /\.(kubernetes|k8s)\.io$/.test(`.${key.split('/')[0]!.toLowerCase()}`))
    .map((key) =>
      invalid(`${field}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'),
    )
}

function validateAzureDisk(source: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const uri: string = source.diskURI ?? ''
  const modes = ['None', 'ReadOnly', 'ReadWrite']
  const kinds = ['Dedicated', 'Managed', 'Shared']
  if (source.cachingMode && !modes.includes(source.cachingMode)) {
    errors.push(notSupported(`${field}.cachingMode`, source.cachingMode, modes))
  }
  if (!source.kind) return errors
  if (!kinds.includes(source.kind)) errors.push(notSupported(`${field}.kind`, source.kind, kinds))
  const managed = source.kind === 'Managed'
  if (uri.startsWith(managed ? '/subscriptions/' : 'https://')) return errors
  const supported = managed
    ? '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
    : 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'
  errors.push(notSupported(`${field}.diskURI`, uri, [supported]))
  return errors
}

function validateStorageOs(source: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const name of ['volumeName', 'volumeNamespace']) {
    if (source[name]) errors.push(...named(`${field}.${name}`, source[name], isDNS1123Label))
  }
  return errors.concat(validateSecretName(source, field))
}
