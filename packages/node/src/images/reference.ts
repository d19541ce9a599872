// Names of images, as people write them and as the runtime knows them: `nginx` is docker.io/library/nginx:latest. The
// grammar is that of github.com/distribution/reference; the refusals read like its own, because people look them up.

export interface ImageReference {
  /** Host and path: what credentials are chosen by. */
  repository: string
  host: string
  /** With tag, or with digest when there is one (a tag beside it says nothing then). */
  canonical: string
}

export class ImageNameError extends Error {
  override readonly name = 'ImageNameError'
}

const MAX_LENGTH = 1024
const MAX_REPOSITORY = 255
const DOCKER_HUB = 'docker.io'

const HOST_PART = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)'
const HOST = new RegExp(`^(?:${HOST_PART}(?:\\.${HOST_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const PATH_PART = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/
const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/
const DIGEST_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 }

/** Throws ImageNameError for what no registry could have. */
export function parseReference(image: string): ImageReference {
  const refuse = (why: string) =>
    new ImageNameError(`couldn't parse image name ${JSON.stringify(image)}: ${why}`)
  if (image.length > MAX_LENGTH) throw refuse('invalid reference format')
  if (/^[0-9a-f]{64}$/.test(image)) {
    throw refuse(`invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`)
  }
  const { host, rest } = splitHost(image)
  const { path, tag, digest } = splitRest(rest)
  if (path.toLowerCase() !== path) {
    throw refuse(`invalid reference format: repository name (${path}) must be lowercase`)
  }
  const isValid =
    HOST.test(host) &&
    path.split('/').every((part) => PATH_PART.test(part)) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest))
  if (!isValid) throw refuse('invalid reference format')
  const repository = `${host}/${path}`
  if (repository.length > MAX_REPOSITORY) {
    throw refuse(`repository name must not be more than ${MAX_REPOSITORY} characters`)
  }
  if (digest !== undefined) {
    const [algorithm = '', hex = ''] = digest.split(':')
    if (DIGEST_LENGTHS[algorithm] === undefined) throw refuse('unsupported digest algorithm')
    if (DIGEST_LENGTHS[algorithm] !== hex.length) throw refuse('invalid checksum digest length')
  }
  const canonical = digest === undefined ? `${repository}:${tag ?? 'latest'}` : `${repository}@${digest}`
  return { repository, host, canonical }
}

/** The first part is a host only when it looks like one. */
function splitHost(image: string): { host: string; rest: string } {
  const slash = image.indexOf('/')
  const first = slash < 0 ? '' : image.slice(0, slash)
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first
  if (!isHost) return onDockerHub(image)
  const rest = image.slice(slash + 1)
  return first === DOCKER_HUB || first === `index.${DOCKER_HUB}` ? onDockerHub(rest) : { host: first, rest }
}

function onDockerHub(rest: string): { host: string; rest: string } {
  return { host: DOCKER_HUB, rest: rest.includes('/') ? rest : `library/${rest}` }
}

function splitRest(rest: string): { path: string; tag: string | undefined; digest: string | undefined } {
  const at = rest.indexOf('@')
  const named = at < 0 ? rest : rest.slice(0, at)
  const digest = at < 0 ? undefined : rest.slice(at + 1)
  const colon = named.indexOf(':')
  if (colon < 0) return { path: named, tag: undefined, digest }
  return { path: named.slice(0, colon), tag: named.slice(colon + 1), digest }
}
