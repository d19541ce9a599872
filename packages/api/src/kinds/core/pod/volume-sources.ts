// Volume sources that most pods use: directories, secrets, config maps, claims, CSI, images.

import {
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../field-error.ts'
import { named, oneOf } from '../../../validate/fields.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { validateLabels } from '../../../validate/labels.ts'
import { validateAnnotations } from '../../../validate/metadata.ts'
import { isDNS1123Subdomain } from '../../../validate/names.ts'
import { isNegative } from '../../../validate/quantities.ts'
import { validateClaimSpec } from '../claim-spec.ts'
import { validateDownwardItem } from './downward-volume.ts'
import { validateDescendingPath, validateFileMode, validateLocalPath, validateNoBacksteps } from './paths.ts'

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

/** undefined: not one of the types that are known here. */
export function validateLocalSource(
  type: string,
  source: Json,
  { field, isPod }: { field: string; isPod: boolean },
): FieldError[] | undefined {
  switch (type) {
    case 'emptyDir':
      if (source.sizeLimit === undefined || !isNegative(source.sizeLimit)) return []
      return [forbiddenField(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
    case 'hostPath':
      return validateHostPath(source, field)
    case 'gitRepo':
      return validateGitRepo(source, field)
    case 'secret':
      return validateKeyed(source, 'secretName', field)
    case 'configMap':
      return validateKeyed(source, 'name', field)
    case 'persistentVolumeClaim':
      return source.claimName ? [] : [required(`${field}.claimName`)]
    case 'downwardAPI':
      return [
        ...validateFileMode(source.defaultMode, `${field}.defaultMode`),
        ...listOf(source.items).flatMap((item) => validateDownwardItem(item, field)),
      ]
    case 'csi':
      return validateCsi(source, field)
    case 'ephemeral':
      return validateEphemeral(source, field)
    case 'image':
      return validateImage(source, field, isPod)
    default:
      return undefined
  }
}

/** One entry of `items` in a secret or config map. */
export function validateKeyToPath(item: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!item.key) errors.push(required(`${field}.key`))
  if (!item.path) errors.push(required(`${field}.path`))
  errors.push(...validateLocalPath(item.path ?? '', `${field}.path`))
  return errors.concat(validateFileMode(item.mode, `${field}.mode`))
}

export function validateCsiDriverName(driver: string, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (driver === '') errors.push(required(field))
  if (driver.length > 63) errors.push(tooLong(field, 63))
  for (const message of isDNS1123Subdomain(driver.toLowerCase())) errors.push(invalid(field, driver, message))
  return errors
}

function validateHostPath(source: Json, field: string): FieldError[] {
  if (!source.path) return [required(`${field}.path`)]
  const errors = validateNoBacksteps(source.path, `${field}.path`)
  if (source.type !== undefined && !HOST_PATH_TYPES.includes(source.type)) {
    errors.push(notSupported(`${field}.type`, source.type, HOST_PATH_TYPES))
  }
  return errors
}

function validateGitRepo(source: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!source.repository) errors.push(required(`${field}.repository`))
  return errors.concat(validateDescendingPath(source.directory ?? '', `${field}.directory`))
}

function validateKeyed(source: Json, name: 'name' | 'secretName', field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!source[name]) errors.push(required(`${field}.${name}`))
  errors.push(...validateFileMode(source.defaultMode, `${field}.defaultMode`))
  for (const [i, item] of listOf(source.items).entries()) {
    errors.push(...validateKeyToPath(item, `${field}.items[${i}]`))
  }
  return errors
}

function validateCsi(source: Json, field: string): FieldError[] {
  const errors = validateCsiDriverName(source.driver ?? '', `${field}.driver`)
  const secret = source.nodePublishSecretRef
  if (!secret) return errors
  if (!secret.name) errors.push(required(`${field}.nodePublishSecretRef.name`))
  else errors.push(...named(`${field}.name`, secret.name, isDNS1123Subdomain))
  return errors
}

function validateEphemeral(source: Json, field: string): FieldError[] {
  const template = source.volumeClaimTemplate
  const at = `${field}.volumeClaimTemplate`
  if (!template) return [required(at)]
  const meta = template.metadata ?? {}
  const errors = [
    ...validateAnnotations(meta.annotations, `${at}.metadata.annotations`),
    ...validateLabels(meta.labels, `${at}.metadata.labels`),
  ]
  for (const [name, value] of Object.entries(meta)) {
    if (name === 'annotations' || name === 'labels' || value === null) continue
    errors.push(forbiddenField(`${at}.metadata.${name}`, 'cannot be set'))
  }
  return errors.concat(validateClaimSpec(template.spec ?? {}, `${at}.spec`))
}

/** A template may leave the reference to whoever fills it in. */
function validateImage(source: Json, field: string, isPod: boolean): FieldError[] {
  const errors: FieldError[] = []
  if (isPod && !source.reference) errors.push(required(`${field}.reference`))
  return errors.concat(oneOf(`${field}.pullPolicy`, source.pullPolicy, ['Always', 'IfNotPresent', 'Never']))
}
