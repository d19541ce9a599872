// A recipe becomes an image: find packages, unpack, complete, write one layer. Nothing from the packages is run, so no
// rights are needed, and any architecture can be built on any machine.

import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { composeImage, type Image } from '../oci/image.ts'
import { type Architecture, type ImageConfig, machineArchitecture } from '../oci/types.ts'
import type { PackageLists, Recipe } from '../recipe/types.ts'
import { addBusyboxLinks } from './busybox.ts'
import { type Distribution, type FoundPackage, matchesAny } from './distribution.ts'
import { chooseDistribution } from './distributions.ts'
import { type Compression, writeLayer } from './layer.ts'
import { addRecipeFiles } from './recipe-files.ts'
import { addDirectories, addRootFiles } from './root-files.ts'
import { directoryNode, FileTree, linkNode } from './tree.ts'

const ABANDONED_MS = 24 * 60 * 60_000
const CREATED = '1970-01-01T00:00:00Z'
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export interface BuildOptions {
  /** Default: this machine's. */
  architecture?: Architecture | undefined
  /** `debian` or `alpine`; default: this machine's. */
  distribution?: string | undefined
  /** Default zstd. */
  compression?: Compression | undefined
  /** Downloads, lists and work in progress. */
  cacheDir: string
  onProgress?(line: string): void
  signal?: AbortSignal | undefined
}

export interface BuiltImage {
  /** `library/node`, as the built-in registry calls it. */
  repository: string
  tags: string[]
  image: Image
  packages: readonly FoundPackage[]
  uncompressedBytes: number
  /** Removes the layer's file. */
  [Symbol.asyncDispose](): Promise<void>
}

export async function buildImage(recipe: Recipe, options: BuildOptions): Promise<BuiltImage> {
  const { cacheDir, compression = 'zstd', onProgress = () => {}, signal } = options
  const architecture = options.architecture ?? machineArchitecture()
  const distribution = await chooseDistribution(options.distribution)
  const workRoot = join(cacheDir, 'work')
  await mkdir(workRoot, { recursive: true })
  await removeAbandoned(workRoot)
  const workDir = await mkdtemp(join(workRoot, 'build-'))
  const dispose = () => rm(workDir, { recursive: true, force: true })
  try {
    const found = await distribution.find(
      {
        packages: listOf(recipe.packages, distribution),
        without: listOf(recipe.without, distribution),
        architecture,
      },
      { cacheDir, workDir, onProgress, signal },
    )
    const tags = tagsOf(recipe, found.packages)
    onProgress(`unpacking ${found.packages.length} packages`)
    const tree = new FileTree()
    for (const [path, target] of distribution.rootLinks(architecture)) tree.set(path, linkNode(target))
    for (const [, target] of distribution.rootLinks(architecture)) tree.set(target, directoryNode())
    addDirectories(tree)
    await found.unpack(tree)
    await complete(tree, recipe)
    onProgress('writing the layer')
    const layer = await writeLayer(tree, { file: join(workDir, 'layer'), compression })
    const { mediaType, digest, size } = layer.descriptor
    const content = { file: layer.file, offset: 0, sizeBytes: size }
    return {
      repository: recipe.name.includes('/') ? recipe.name : `library/${recipe.name}`,
      tags,
      image: composeImage(configOf(recipe, { architecture, distribution, packages: found.packages }), [
        { mediaType, digest, diffId: layer.diffId, content },
      ]),
      packages: found.packages,
      uncompressedBytes: layer.uncompressedBytes,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Of builds that were ended by force. */
async function removeAbandoned(workRoot: string): Promise<void> {
  for (const name of await readdir(workRoot)) {
    const path = join(workRoot, name)
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS)
      await rm(path, { recursive: true, force: true })
  }
}

function listOf(lists: PackageLists, { name }: Distribution): string[] {
  return [...(lists['any'] ?? []), ...(lists[name] ?? [])]
}

async function complete(tree: FileTree, recipe: Recipe): Promise<void> {
  if (recipe.remove.length > 0) removeMatching(tree, recipe.remove)
  addBusyboxLinks(tree, recipe.busybox)
  await addRootFiles(tree, recipe.users)
  await addRecipeFiles(tree, recipe.files)
}

function removeMatching(tree: FileTree, patterns: readonly string[]): void {
  const plain = patterns.map((pattern) => pattern.slice(1))
  for (const path of [...tree.paths()]) if (matchesAny(path, plain)) tree.remove(path)
}

function configOf(
  recipe: Recipe,
  of: { architecture: Architecture; distribution: Distribution; packages: readonly FoundPackage[] },
): Omit<ImageConfig, 'rootfs'> {
  const { env, user, entrypoint, command, directory, ports, volumes, labels, stopSignal, summary } = recipe
  const variables = { PATH: DEFAULT_PATH, ...env }
  const sets = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]))
  return {
    created: CREATED,
    architecture: of.architecture,
    os: 'linux',
    config: {
      ...(user === '' ? {} : { User: user }),
      ...(ports.length === 0 ? {} : { ExposedPorts: sets(ports.map(withProtocol)) }),
      Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      ...(entrypoint.length === 0 ? {} : { Entrypoint: entrypoint }),
      ...(command.length === 0 ? {} : { Cmd: command }),
      ...(volumes.length === 0 ? {} : { Volumes: sets(volumes) }),
      WorkingDir: directory || '/',
      Labels: {
        ...(summary === '' ? {} : { 'org.opencontainers.image.description': summary }),
        'org.opencontainers.image.title': recipe.name,
        'dev.brume.distribution': of.distribution.name,
        ...labels,
      },
      ...(stopSignal === '' ? {} : { StopSignal: stopSignal }),
    },
    history: [
      {
        created: CREATED,
        created_by: `brume image build ${recipe.name}`,
        // Not in a label: runtimes take those to be short.
        comment: of.packages.map(({ name, version }) => `${name}=${version}`).join(' '),
      },
    ],
  }
}

const withProtocol = (port: string) => (port.includes('/') ? port : `${port}/tcp`)

/** The version, and `latest`. Throws ImageError when the package that gives the version is not there. */
function tagsOf({ version, name }: Recipe, packages: readonly FoundPackage[]): string[] {
  if (typeof version === 'string') return version === 'latest' ? ['latest'] : [version, 'latest']
  const found = packages.find((one) => version.packages.includes(one.name))
  if (found === undefined) {
    throw new ImageError(
      `${name}: its version is that of ${version.packages.join(' or ')}, which is not among its packages`,
    )
  }
  return [upstreamVersion(found.version, version.parts), 'latest']
}

/** `1:18.20.4+dfsg-1` in one part is `18`, in three `18.20.4`. */
export function upstreamVersion(text: string, parts: number): string {
  const upstream = text.replace(/^\d+:/, '').replace(/-[^-]*$/, '')
  return upstream
    .split('.')
    .slice(0, parts)
    .join('.')
    .replace(/[^\w.].*$/s, '')
}
