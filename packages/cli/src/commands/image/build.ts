// `brume image build`: from a recipe or a Dockerfile into the registry.

import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { EXIT_OK, type ParsedCommand, UsageError } from '@brume/base/command-line'
import { buildImage } from '@brume/images/build/build'
import { pushBundle } from '@brume/images/client/push'
import { type Bundle, bundleOf } from '@brume/images/oci/bundle'
import { loadRecipe, shippedRecipes } from '@brume/images/recipe/load'
import { BUILT_IN_REGISTRY, builtInReference, type Reference } from '@brume/images/reference'
import { CommandError, type Io } from '../../command.ts'
import { buildFromDockerfile } from './dockerfile.ts'
import { writeArchive } from './export.ts'
import { explained, megabytes, progressTo, withRegistry } from './registry.ts'

const NEXT = './brume image build --help'
const CONTAINER_FILES = ['Dockerfile', 'Containerfile']
const RECIPE_FILES = ['recipe.yaml', 'recipe.yml']

export async function run(parsed: ParsedCommand, io: Io): Promise<number> {
  if (parsed.options['list'] !== undefined) return listRecipes(io)
  const source = sourceOf(parsed)
  return source.type === 'recipe' ? buildRecipe(parsed, io, source.what) : buildFile(parsed, io, source)
}

type Source = { type: 'recipe'; what: string } | { type: 'dockerfile'; file: string; context: string }

function sourceOf({ options, words }: ParsedCommand): Source {
  const [word] = words
  const file = options['file']
  if (file !== undefined) {
    if (!existsSync(file)) throw new CommandError(`${file} does not exist`, './brume image build --help')
    return isYaml(file) ? { type: 'recipe', what: resolve(file) } : dockerfile(file, word ?? '.')
  }
  if (word !== undefined && !isDirectory(word)) {
    return { type: 'recipe', what: isYaml(word) ? resolve(word) : word }
  }
  const directory = word ?? '.'
  const find = (names: string[]) =>
    names.map((name) => join(directory, name)).find((path) => existsSync(path))
  const recipe = find(RECIPE_FILES)
  if (recipe !== undefined) return { type: 'recipe', what: resolve(recipe) }
  const found = find(CONTAINER_FILES)
  if (found !== undefined) return dockerfile(found, directory)
  const names = [...RECIPE_FILES.slice(0, 1), ...CONTAINER_FILES].join(', ')
  throw new CommandError(`${resolve(directory)} holds none of ${names}`, './brume image build --list')
}

function dockerfile(file: string, context: string): Source {
  if (!isDirectory(context)) {
    throw new CommandError(
      `${context} is no directory to build in`,
      `./brume image build -f ${file} DIRECTORY`,
    )
  }
  return { type: 'dockerfile', file: resolve(file), context: resolve(context) }
}

const isYaml = (path: string) => /\.ya?ml$/.test(path)
const isDirectory = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

async function buildRecipe(parsed: ParsedCommand, io: Io, what: string): Promise<number> {
  const { options } = parsed
  const onProgress = progressTo(io.err)
  return explained(async () => {
    const recipe = await loadRecipe(what)
    await reachRegistry(parsed, io)
    const named = options['tag'] === undefined ? undefined : builtInReference(options['tag'])
    await using built = await buildImage(recipe, {
      architecture: options['arch'] as 'amd64' | 'arm64' | undefined,
      compression: options['compression'] as 'zstd' | 'gzip' | undefined,
      distribution: options['from'],
      cacheDir: cacheDirOf(parsed, io),
      onProgress,
    })
    const repository = named?.repository ?? built.repository
    const tags = named === undefined ? built.tags : [named.tag || 'latest']
    const layer = built.image.manifest.layers[0]!.size
    onProgress(
      `built ${built.packages.length} packages, ${megabytes(built.uncompressedBytes)}, ${megabytes(layer)} packed`,
    )
    return await deliver(parsed, io, { bundle: bundleOf(built.image), repository, tags })
  }, NEXT)
}

async function buildFile(
  parsed: ParsedCommand,
  io: Io,
  { file, context }: { file: string; context: string },
): Promise<number> {
  const name: Reference = await explained(
    async () => builtInReference(parsed.options['tag'] ?? defaultName(context)),
    NEXT,
  )
  await reachRegistry(parsed, io)
  return buildFromDockerfile(parsed, io, {
    file,
    context,
    cacheDir: cacheDirOf(parsed, io),
    deliver: (bundle) =>
      deliver(parsed, io, { bundle, repository: name.repository, tags: [name.tag || 'latest'] }),
  })
}

/** Before the work of building, not after it. */
async function reachRegistry(parsed: ParsedCommand, io: Io): Promise<void> {
  if (parsed.options['output'] === undefined) await withRegistry(parsed, io, async () => undefined)
}

interface Delivery {
  bundle: Bundle
  repository: string
  tags: readonly string[]
}

async function deliver(
  parsed: ParsedCommand,
  io: Io,
  { bundle, repository, tags }: Delivery,
): Promise<number> {
  const names = tags.map((tag) => `${BUILT_IN_REGISTRY}/${repository}:${tag}`)
  const path = parsed.options['output']
  if (path === undefined) {
    await withRegistry(parsed, io, ({ registry }) =>
      pushBundle(registry, bundle, { repository, tags, onProgress: progressTo(io.err) }),
    )
  } else await writeArchive(path, names, bundle)
  io.out.write(`digest: ${bundle.root.digest}\n`)
  for (const name of names) io.out.write(`image: ${name}\n`)
  if (path !== undefined) io.out.write(`file: ${path}\n`)
  return EXIT_OK
}

/** The directory's name, as far as an image can have it. */
function defaultName(context: string): string {
  const name = basename(context)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  if (name === '') throw new UsageError('say what the image is called. Next: ./brume image build -t NAME:TAG')
  return name
}

function cacheDirOf({ options }: ParsedCommand, { env }: Io): string {
  if (options['cache-dir'] !== undefined) return resolve(options['cache-dir'])
  const base = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache')
  return join(base, 'brume', 'images')
}

async function listRecipes({ out }: Io): Promise<number> {
  for (const name of await shippedRecipes()) {
    const { summary } = await loadRecipe(name)
    out.write(`${name.padEnd(14)}${summary}\n`)
  }
  return EXIT_OK
}
