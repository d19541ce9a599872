// Projected volumes: several sources in one directory, no path twice.

import { type FieldError, forbiddenField, invalid, required } from '../../../field-error.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { validateLabelSelector } from '../../../validate/labels.ts'
import { validateDownwardItem } from './downward-volume.ts'
import { validateFileMode, validateLocalPath } from './paths.ts'
import { validateKeyToPath } from './volume-sources.ts'

const MIN_TOKEN_SECONDS = 600
const MAX_TOKEN_SECONDS = 2 ** 32
const CONFLICT = 'conflicting duplicate paths'

export function validateProjected(projected: Json, field: string): FieldError[] {
  const errors = validateFileMode(projected.defaultMode, `${field}.defaultMode`)
  const paths = new Set<string>()
  for (const [i, source] of listOf(projected.sources).entries()) {
    const at = `${field}.sources[${i}]`
    let kinds = 0
    for (const name of ['secret', 'configMap']) {
      if (!source[name]) continue
      kinds += 1
      errors.push(...validateKeyedSource(source[name], { field, at: `${at}.${name}`, paths }))
    }
    if (source.downwardAPI) {
      kinds += 1
      for (const item of listOf(source.downwardAPI.items)) {
        errors.push(...validateDownwardItem(item, `${at}.downwardAPI`))
        if (item.path) errors.push(...claim(item.path, paths, field, item.path))
      }
    }
    if (source.serviceAccountToken) {
      kinds += 1
      errors.push(...validateToken(source.serviceAccountToken, field, `${at}.serviceAccountToken`))
    }
    if (source.clusterTrustBundle) {
      kinds += 1
      const bundle = source.clusterTrustBundle
      errors.push(...validateTrustBundle(bundle, `${at}.clusterTrustBundle`))
      errors.push(...claim(bundle.path ?? '', paths, field, bundle.path ?? ''))
    }
    if (kinds > 1) errors.push(forbiddenField(at, 'may not specify more than 1 volume type per source'))
  }
  return errors
}

interface KeyedPlace {
  /** Path of the whole volume, where conflicts are reported. */
  field: string
  at: string
  paths: Set<string>
}

function validateKeyedSource(source: Json, { field, at, paths }: KeyedPlace): FieldError[] {
  const errors: FieldError[] = []
  if (!source.name) errors.push(required(`${at}.name`))
  for (const [i, item] of listOf(source.items).entries()) {
    errors.push(...validateKeyToPath(item, `${at}.items[${i}]`))
    if (item.path) errors.push(...claim(item.path, paths, field, source.name ?? ''))
  }
  return errors
}

function claim(path: string, paths: Set<string>, field: string, shown: string): FieldError[] {
  if (paths.has(path)) return [invalid(field, shown, CONFLICT)]
  paths.add(path)
  return []
}

function validateToken(token: Json, field: string, at: string): FieldError[] {
  const errors: FieldError[] = []
  const seconds = token.expirationSeconds ?? 0
  if (seconds < MIN_TOKEN_SECONDS) {
    errors.push(
      invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'),
    )
  }
  if (seconds > MAX_TOKEN_SECONDS) {
    const why = 'may not specify a duration larger than 2^32 seconds'
    errors.push(invalid(`${at}.expirationSeconds`, seconds, why))
  }
  if (!token.path) errors.push(required(`${field}.path`))
  else errors.push(...validateLocalPath(token.path, `${field}.path`))
  return errors
}

function validateTrustBundle(bundle: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const byName = bundle.name !== undefined && bundle.name !== null
  const bySigner = bundle.signerName !== undefined && bundle.signerName !== null
  if (byName && bySigner) errors.push(invalid(field, bundle, 'only one of name and signerName may be used'))
  else if (byName) {
    if (bundle.name === '') errors.push(required(`${field}.name`, 'must be a valid object name'))
    if (bundle.labelSelector) {
      const why = 'labelSelector must be unset if name is specified'
      errors.push(invalid(`${field}.labelSelector`, bundle.labelSelector, why))
    }
  } else if (bySigner) {
    if (bundle.signerName === '') errors.push(required(`${field}.signerName`, 'must be a valid signer name'))
    errors.push(...validateLabelSelector(bundle.labelSelector, `${field}.labelSelector`))
  } else errors.push(required(field, 'either name or signerName must be specified'))
  if (!bundle.path) errors.push(required(`${field}.path`))
  return errors.concat(validateLocalPath(bundle.path ?? '', `${field}.path`))
}
