// Which credentials of a pod's pull secrets are for an image. A host or host/path may have wildcards in its host; the most
// specific entries come first, and all that match are tried. Source: Kubernetes' documentation, "Images", config.json.

import type { KubeObject } from '@brume/api/object'
import type { AuthConfig } from '../cri/cri.ts'

/** Anything, as somebody wrote it into a secret. */
type DockerEntry = Record<string, unknown>

interface Entry {
  /** host[:port][/path] */
  location: string
  auth: AuthConfig
}

const DOCKER_HUB = 'index.docker.io'
const MAX_CONFIG_BYTES = 1024 * 1024

/** Credentials for the repository (host/path), in the order in which they are to be tried. */
export function credentialsFor(repository: string, secrets: readonly KubeObject[]): AuthConfig[] {
  const entries = secrets.flatMap(entriesOf)
  // Longer locations with the same beginning come first this way.
  entries.sort((a, b) => (a.location < b.location ? 1 : a.location > b.location ? -1 : 0))
  const matching = entries.filter(({ location }) => matches(location, repository))
  if (matching.length > 0 || !repository.startsWith('docker.io/')) return matching.map(({ auth }) => auth)
  return entries.filter(({ location }) => location === DOCKER_HUB).map(({ auth }) => auth)
}

/** Secrets of other types, and what cannot be read in one, give nothing: the pull may go without. */
function entriesOf(secret: KubeObject): Entry[] {
  const data: Record<string, string> = secret['data'] ?? {}
  const config =
    secret['type'] === 'kubernetes.io/dockerconfigjson'
      ? (parsed(data['.dockerconfigjson']) as { auths?: unknown } | undefined)?.auths
      : secret['type'] === 'kubernetes.io/dockercfg'
        ? parsed(data['.dockercfg'])
        : undefined
  if (typeof config !== 'object' || config === null) return []
  return Object.entries(config as Record<string, DockerEntry | null>).flatMap(([location, entry]) => {
    const auth = authOf(entry ?? {})
    return auth === undefined ? [] : [{ location: locationOf(location), auth }]
  })
}

function parsed(base64: string | undefined): unknown {
  if (base64 === undefined || base64.length > MAX_CONFIG_BYTES) return undefined
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
  } catch {
    return undefined
  }
}

/** `auth` is base64 of user:password, and wins. */
function authOf(entry: DockerEntry): AuthConfig | undefined {
  const of = (field: string) => (typeof entry[field] === 'string' ? entry[field] : '')
  if (of('auth') === '') return { username: of('username'), password: of('password') }
  const text = Buffer.from(of('auth'), 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') }
}

/** Without the scheme, and without the API's version that old files name. */
function locationOf(written: string): string {
  const [host = '', ...rest] = written.replace(/^https?:\/\//, '').split('/')
  const path = `/${rest.join('/')}`.replace(/^\/v[12]\//, '/')
  return path === '/' ? host : host + path
}

function matches(location: string, repository: string): boolean {
  const wanted = splitLocation(location)
  const given = splitLocation(repository)
  if (wanted.port !== given.port || wanted.parts.length !== given.parts.length) return false
  if (!given.path.startsWith(wanted.path)) return false
  return wanted.parts.every((glob, at) => matchesGlob(glob, given.parts[at]!))
}

function splitLocation(location: string): { parts: string[]; port: string; path: string } {
  const slash = location.indexOf('/')
  const host = slash < 0 ? location : location.slice(0, slash)
  const path = slash < 0 ? '' : location.slice(slash)
  const port = /:(\d+)$/.exec(host)?.[1] ?? ''
  const name = port === '' ? host : host.slice(0, -port.length - 1)
  return { parts: name.split('.'), port, path }
}

/** `*` and `?` within one part of a host name. */
function matchesGlob(glob: string, part: string): boolean {
  if (!/[*?]/.test(glob)) return glob === part
  const pattern = glob
    .replace(/\*+/g, '*')
    .split(/([*?])/)
    .map((piece) => (piece === '*' ? '.*' : piece === '?' ? '.' : piece.replace(/[^\w-]/g, '\\$&')))
  return new RegExp(`^${pattern.join('')}$`).test(part)
}
