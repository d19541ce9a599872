// Names of repositories and tags, as the distribution specification allows them. What passes here is safe in a path.

import { isDigest } from '../oci/digest.ts'
import { RegistryError } from './errors.ts'

const MAX_REPOSITORY = 255
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

export function isRepository(text: string): boolean {
  return text.length <= MAX_REPOSITORY && REPOSITORY.test(text)
}

export function isTag(text: string): boolean {
  return TAG.test(text)
}

export function checkedRepository(text: string): string {
  if (isRepository(text)) return text
  throw new RegistryError('NAME_INVALID', `invalid repository name ${JSON.stringify(text.slice(0, 300))}`)
}

export function checkedTag(text: string): string {
  if (isTag(text)) return text
  throw new RegistryError('TAG_INVALID', `invalid tag ${JSON.stringify(text.slice(0, 300))}`)
}

export function checkedDigest(text: string | null): string {
  if (isDigest(text)) return text
  throw new RegistryError('DIGEST_INVALID', 'a digest is sha256: and 64 hexadecimal digits')
}
