// The volumes of a pod: names, exactly one source each.

import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../../field-error.ts'
import type { ObjectMeta } from '../../../object.ts'
import { named } from '../../../validate/fields.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../../validate/names.ts'
import { validateProjected } from './projected-volume.ts'
import { validateRemoteSource } from './remote-volumes.ts'
import { validateLocalSource } from './volume-sources.ts'

/** In the order in which Kubernetes looks at them: the first one given is the volume's type. */
export const VOLUME_TYPES = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
] as const

export interface VolumesResult {
  /** Valid volumes by name, for the mounts. */
  volumes: ReadonlyMap<string, Json>
  errors: FieldError[]
}

/** `podMeta` is given for pods, not for templates: ephemeral claims are named after the pod. */
export function validateVolumes(list: Json, field: string, podMeta: ObjectMeta | undefined): VolumesResult {
  const errors: FieldError[] = []
  const volumes = new Map<string, Json>()
  const all = listOf(list)
  const createdClaims = new Set(
    podMeta?.name ? all.filter((v) => v.ephemeral).map((v) => `${podMeta.name}-${v.name}`) : [],
  )
  for (const [i, volume] of all.entries()) {
    const at = `${field}[${i}]`
    const wrong = validateSource(volume, at, podMeta)
    if (!volume.name) wrong.push(required(`${at}.name`))
    else wrong.push(...named(`${at}.name`, volume.name, isDNS1123Label))
    if (volumes.has(volume.name)) wrong.push(duplicate(`${at}.name`, volume.name))
    if (wrong.length === 0) volumes.set(volume.name, volume)
    errors.push(...wrong)
    const claim = volume.persistentVolumeClaim?.claimName
    if (claim && createdClaims.has(claim)) {
      const why = 'must not reference a PVC that gets created for an ephemeral volume'
      errors.push(invalid(`${at}.persistentVolumeClaim.claimName`, claim, why))
    }
  }
  return { volumes, errors }
}

function validateSource(volume: Json, field: string, podMeta: ObjectMeta | undefined): FieldError[] {
  const given = VOLUME_TYPES.filter((type) => volume[type])
  if (given.length === 0) return [required(field, 'must specify a volume type')]
  const errors: FieldError[] = []
  for (const [i, type] of given.entries()) {
    const at = `${field}.${type}`
    if (i > 0) errors.push(forbiddenField(at, 'may not specify more than 1 volume type'))
    else if (type === 'projected') errors.push(...validateProjected(volume.projected, at))
    else {
      const local = validateLocalSource(type, volume[type], { field: at, isPod: podMeta !== undefined })
      errors.push(...(local ?? validateRemoteSource(type, volume, field)))
    }
  }
  if (given[0] === 'ephemeral' && podMeta?.name && volume.name) {
    const claim = `${podMeta.name}-${volume.name}`
    for (const message of isDNS1123Subdomain(claim)) {
      errors.push(invalid(`${field}.name`, volume.name, `PVC name ${JSON.stringify(claim)}: ${message}`))
    }
  }
  return errors
}
