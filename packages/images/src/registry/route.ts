// Which part of the registry a path means.

import { RegistryError } from './errors.ts'
import { checkedRepository } from './names.ts'

export type Route =
  | { type: 'base' }
  | { type: 'catalog' }
  | { type: 'tags'; repository: string }
  | { type: 'manifest'; repository: string; reference: string }
  | { type: 'referrers'; repository: string; digest: string }
  | { type: 'blob'; repository: string; digest: string }
  | { type: 'upload-start'; repository: string }
  | { type: 'upload'; repository: string; id: string }

const PATTERNS: readonly [RegExp, (repository: string, last: string) => Route][] = [
  [/^(.+)\/tags\/list$/, (repository) => ({ type: 'tags', repository })],
  [/^(.+)\/manifests\/([^/]+)$/, (repository, reference) => ({ type: 'manifest', repository, reference })],
  [/^(.+)\/referrers\/([^/]+)$/, (repository, digest) => ({ type: 'referrers', repository, digest })],
  [/^(.+)\/blobs\/uploads\/?$/, (repository) => ({ type: 'upload-start', repository })],
  [/^(.+)\/blobs\/uploads\/([^/]+)$/, (repository, id) => ({ type: 'upload', repository, id })],
  [/^(.+)\/blobs\/([^/]+)$/, (repository, digest) => ({ type: 'blob', repository, digest })],
]

/** Throws NAME_INVALID and NAME_UNKNOWN. */
export function parseRoute(path: string): Route {
  const rest = decoded(path).replace(/^\/v2\/?/, '')
  if (rest === '') return { type: 'base' }
  if (rest === '_catalog') return { type: 'catalog' }
  for (const [pattern, make] of PATTERNS) {
    const match = pattern.exec(rest)
    if (match !== null) return make(checkedRepository(match[1]!), match[2] ?? '')
  }
  throw new RegistryError('NAME_UNKNOWN', `the registry has no path ${path.slice(0, 300)}`)
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (cause) {
    throw new RegistryError('NAME_INVALID', 'the path has a malformed escape', { cause })
  }
}
