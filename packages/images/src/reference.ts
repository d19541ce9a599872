// Names of images as people write them.

import { ImageError } from './image-error.ts'
import { isDigest } from './oci/digest.ts'
import { isRepository, isTag } from './registry/names.ts'

export const BUILT_IN_REGISTRY = 'registry.brume.internal'

export interface Reference {
  /** Host with port; '' when none was written. */
  registry: string
  repository: string
  /** '' when none was written. */
  tag: string
  digest: string
}

const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/i

/** `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`. Throws ImageError with an example. */
export function parseReference(text: string): Reference {
  const [name = '', digest = ''] = text.split('@')
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isHost = HOST.test(first) && (/[.:]/.test(first) || first === 'localhost')
  const rest = isHost ? name.slice(slash + 1) : name
  const colon = rest.lastIndexOf(':')
  const [repository, tag] = colon < 0 ? [rest, ''] : [rest.slice(0, colon), rest.slice(colon + 1)]
  const isWhole =
    isRepository(repository) && (tag === '' || isTag(tag)) && (digest === '' || isDigest(digest))
  if (isWhole && !/[:@]$/.test(name) && !text.endsWith('@') && text.split('@').length <= 2)
    return { registry: isHost ? first : '', repository, tag, digest }
  throw new ImageError(`${JSON.stringify(text)} is no name of an image, such as web:1 or team/web:1`)
}

/** A name in the built-in registry: the registry may be left out, `web` is `library/web`. */
export function builtInReference(text: string): Reference {
  const found = parseReference(text)
  if (found.registry !== '' && found.registry !== BUILT_IN_REGISTRY) {
    throw new ImageError(`${text} is of the registry ${found.registry}, not of the built-in one`)
  }
  const repository = found.repository.includes('/') ? found.repository : `library/${found.repository}`
  return { ...found, registry: BUILT_IN_REGISTRY, repository }
}

/** As it stands in a pod. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  const host = registry === '' ? '' : `${registry}/`
  return `${host}${repository}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`
}
