// What an image's short name means: an image of the cloud's own library when there is one of that name, else one of
// docker.io, as everywhere. Which one it is, is said; nothing is guessed later.

import { type RegistryClient, RegistryRefusal } from '@brume/images/client/registry-client'
import { BUILT_IN_REGISTRY, formatReference, parseReference, type Reference } from '@brume/images/reference'
import { CommandError } from '../command.ts'

export interface ResolvedImage {
  /** As it stands in the pod. */
  image: string
  /** A sentence about a choice that was made. */
  note?: string
}

/** Throws CommandError when the built-in registry is named and does not have it, ImageError for what is no name. */
export async function resolveImage(
  registry: RegistryClient | undefined,
  text: string,
): Promise<ResolvedImage> {
  const reference = parseReference(text)
  if (reference.registry !== '' && reference.registry !== BUILT_IN_REGISTRY) return { image: text }
  const named = reference.registry !== ''
  const isShort = !named && !reference.repository.includes('/')
  if (!named && !isShort) return { image: text, note: await noteOf(registry, text, reference) }
  const repository = isShort ? `library/${reference.repository}` : reference.repository
  const tags = registry === undefined ? [] : await tagsOf(registry, repository)
  if (tags.length === 0) {
    if (named) throw missing(text)
    return {
      image: text,
      note: `image: docker.io/library/${text}, for the cloud's registry has no ${reference.repository}`,
    }
  }
  const tag = tagOf(reference, tags)
  const exact = formatReference({ ...reference, registry: BUILT_IN_REGISTRY, repository, tag })
  if (reference.digest === '' && !tags.includes(tag)) {
    const image = tag === '' ? 'latest' : tag
    throw new CommandError(
      `the cloud's registry has ${repository} as ${tags.join(', ')}, not as ${image}`,
      `./brume run ... --image ${reference.repository}:${tags.at(-1)}   (or docker.io/${repository}:${image})`,
    )
  }
  return { image: exact, note: `image: ${exact}, from the cloud's own registry` }
}

/** A name with a slash is docker.io's, also where the cloud has one that is called the same. */
async function noteOf(
  registry: RegistryClient | undefined,
  text: string,
  { repository }: Reference,
): Promise<string> {
  const tags = registry === undefined ? [] : await tagsOf(registry, repository)
  const own = `${BUILT_IN_REGISTRY}/${repository}`
  return `image: docker.io/${text}${tags.length === 0 ? '' : `; the cloud's own is ${own}`}`
}

/** The one that was asked for; of several, `latest`; of one, that. '' when it cannot be said. */
function tagOf({ tag, digest }: Reference, tags: readonly string[]): string {
  if (tag !== '' || digest !== '') return tag
  if (tags.includes('latest')) return 'latest'
  return tags.length === 1 ? (tags[0] ?? '') : ''
}

async function tagsOf(registry: RegistryClient, repository: string): Promise<string[]> {
  try {
    return await registry.tags(repository)
  } catch (error) {
    // There is no such image, or no registry that this person may read.
    if (error instanceof RegistryRefusal && [401, 403, 404].includes(error.status)) return []
    throw error
  }
}

function missing(text: string): CommandError {
  return new CommandError(`the cloud's registry has no image ${text}`, './brume image list')
}
