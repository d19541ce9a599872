// Obtains the Debian packages that carry the Kubernetes API sources, without touching the system: apt gets its own
// sources list, lists, status and cache under .state/, and the packages are only unpacked there.

import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const STATE = join(import.meta.dirname, '../../.state/kubernetes-sources')
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const SUITE = 'trixie'
const APT_FOLDER = '/etc/apt'
const PACKAGES = [
  'golang-k8s-api-dev',
  'golang-k8s-apimachinery-dev',
  'golang-k8s-client-go-dev',
  'golang-k8s-kubectl-dev',
  'golang-k8s-metrics-dev',
]
const DOWNLOAD_TIMEOUT_MS = 180_000

/** Where a Go package lies below a root that holds one folder per unpacked Debian package. */
export function sourceFolder(root: string, importPath: string): string {
  const below = join('usr/share/gocode/src', importPath)
  for (const name of PACKAGES) {
    const folder = join(root, name, below)
    if (existsSync(folder)) return folder
  }
  throw new Error(`${importPath} is in none of the packages under ${root}`)
}

/**
 * The root folder of the unpacked packages: downloaded once, then kept. Throws when there is no apt, no archive keyring
 * or no network. The mirror is the one that this machine's apt uses; BRUME_DEBIAN_MIRROR names another one, and
 * BRUME_K8S_SOURCES a folder with unpacked packages.
 */
export async function kubernetesSources(): Promise<string> {
  const given = process.env.BRUME_K8S_SOURCES
  if (given !== undefined) return given
  const root = join(STATE, 'pkg')
  if (existsSync(root)) return root
  if (!existsSync(KEYRING)) throw new Error(`no Debian archive keyring at ${KEYRING}`)
  // A folder of its own: two test files may come here at once, and the first one done wins.
  mkdirSync(STATE, { recursive: true })
  const work = mkdtempSync(join(STATE, 'download-'))
  try {
    await download(work)
    if (!existsSync(root)) renameSync(join(work, 'pkg'), root)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return root
}

/** As kubernetesSources, or undefined when the sources cannot be had. */
export async function kubernetesSourcesIfAny(): Promise<string | undefined> {
  try {
    return await kubernetesSources()
  } catch {
    return undefined
  }
}

/** The fixtures of k8s.io/api: one file per kind and format, or undefined when they cannot be had. */
export async function fixtureFolder(): Promise<string | undefined> {
  const given = process.env.BRUME_K8S_FIXTURES
  if (given !== undefined) return given
  const root = await kubernetesSourcesIfAny()
  return root === undefined ? undefined : join(sourceFolder(root, 'k8s.io/api'), 'testdata/HEAD')
}

/** The Debian mirror of this machine's apt: the first address in its sources that ends in /debian. */
function ownMirror(): string {
  const lists = join(APT_FOLDER, 'sources.list.d')
  const files = [
    join(APT_FOLDER, 'sources.list'),
    ...(existsSync(lists) ? readdirSync(lists).map((name) => join(lists, name)) : []),
  ]
  for (const file of files) {
    if (!/\.(list|sources)$/.test(file) || !existsSync(file)) continue
    const found = /^(?:URIs:|deb\s)[^\n#]*?(https?:\/\/\S+\/debian)\/?(?=\s|$)/m.exec(
      readFileSync(file, 'utf8'),
    )
    if (found !== null) return found[1]!
  }
  throw new Error(`no Debian mirror in ${APT_FOLDER}: name one in BRUME_DEBIAN_MIRROR`)
}

/** Downloads the packages and unpacks each to `work`/pkg/<name>. */
async function download(work: string): Promise<void> {
  const options = writeAptConfig(work)
  const debs = join(work, 'debs')
  mkdirSync(debs)
  await run('apt-get', [...options, 'update'], { timeout: DOWNLOAD_TIMEOUT_MS })
  await run('apt-get', [...options, 'download', ...PACKAGES], { cwd: debs, timeout: DOWNLOAD_TIMEOUT_MS })
  for (const deb of readdirSync(debs)) {
    const name = deb.slice(0, deb.indexOf('_'))
    mkdirSync(join(work, 'pkg', name), { recursive: true })
    await run('dpkg-deb', ['-x', join(debs, deb), join(work, 'pkg', name)])
  }
}

function writeAptConfig(work: string): string[] {
  mkdirSync(join(work, 'lists/partial'), { recursive: true })
  mkdirSync(join(work, 'archives/partial'), { recursive: true })
  const mirror = process.env.BRUME_DEBIAN_MIRROR ?? ownMirror()
  writeFileSync(join(work, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror} ${SUITE} main\n`)
  writeFileSync(join(work, 'status'), '')
  const settings = {
    'Dir::Etc::SourceList': join(work, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': work,
    'Dir::Cache::archives': join(work, 'archives'),
  }
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])
}
