// A recipe from its text. Every mistake is named with the field that has it, all at once.

import { parseDocument } from 'yaml'
import { ImageError } from '../image-error.ts'
import { Fields } from './fields.ts'
import type { PackageLists, Recipe, RecipeFile, RecipeUser } from './types.ts'

const MAX_RECIPE_BYTES = 1024 * 1024
const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const PACKAGE = /^[a-z0-9][a-z0-9+.:~=_-]*$/
const PACKAGE_PATTERN = /^[a-z0-9*][a-z0-9+.*_-]*$/
const USER = /^[a-z_][a-z0-9_-]{0,31}$/
const PORT = /^\d{1,5}(?:\/(?:tcp|udp|sctp))?$/
const MAX_ID = 2 ** 31 - 1
/** containerd's limit for a container's labels, which it takes from the image. */
const MAX_LABEL_BYTES = 4096

const SOURCES = ['content', 'directory', 'link', 'links', 'copy']

const KNOWN = [
  ...['name', 'version', 'summary', 'extends', 'packages', 'without', 'remove', 'busybox', 'users', 'files'],
  ...['env', 'user', 'entrypoint', 'command', 'directory', 'ports', 'volumes', 'labels', 'stopSignal'],
]

/** What is written in the file, before `extends` is followed. */
export interface WrittenRecipe {
  recipe: Recipe
  /** Fields that are there. */
  given: ReadonlySet<string>
  extends: string | undefined
}

/** `from` names the file in messages. Throws ImageError with all mistakes. */
export function parseRecipe(text: string, from: string): WrittenRecipe {
  if (Buffer.byteLength(text) > MAX_RECIPE_BYTES) {
    throw new ImageError(`${from} is larger than ${MAX_RECIPE_BYTES} bytes: that is no recipe`)
  }
  const document = parseDocument(text, { uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) throw new ImageError(`${from} is not YAML: ${error.message.split('\n')[0]}`)
  const mistakes: string[] = []
  const top = new Fields(toValue(document, from), '', mistakes)
  top.known(KNOWN)
  const recipe = recipeOf(top)
  const base = top.text('extends')
  if (base === '' && top.has('extends')) mistakes.push('extends: name a recipe')
  if (mistakes.length > 0) throw new ImageError(`${from}: ${mistakes.join('; ')}`)
  return { recipe, given: new Set(top.names()), extends: base === '' ? undefined : base }
}

function toValue(document: ReturnType<typeof parseDocument>, from: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new ImageError(`${from} is not YAML that can be used`, { cause })
  }
}

function recipeOf(top: Fields): Recipe {
  const name = top.text('name', { required: true, matches: NAME, like: 'web or team/web' })
  return {
    name,
    version: versionOf(top),
    summary: top.text('summary'),
    packages: packageLists(top, 'packages', PACKAGE),
    without: packageLists(top, 'without', PACKAGE_PATTERN),
    remove: top.texts('remove').map((path, i) => absolute(top, `remove[${i}]`, path)),
    busybox: top.value('busybox') === 'all' ? 'all' : top.texts('busybox', { matches: /^[a-z0-9_[\].-]+$/ }),
    users: top.objects('users').map(userOf),
    files: top.objects('files').map(fileOf),
    env: top.textMap('env', /^[A-Za-z_][A-Za-z0-9_]*$/),
    user: top.text('user', { matches: /^[\w-]+(?::[\w-]+)?$/, like: 'web or 10001:10001' }),
    entrypoint: top.texts('entrypoint'),
    command: top.texts('command'),
    directory: absolute(top, 'directory', top.text('directory')),
    ports: top.texts('ports', { matches: PORT }),
    volumes: top.texts('volumes').map((path, i) => absolute(top, `volumes[${i}]`, path)),
    labels: labelsOf(top),
    stopSignal: top.text('stopSignal', { matches: /^SIG[A-Z0-9+]+$/, like: 'SIGINT' }),
  }
}

function labelsOf(top: Fields): Record<string, string> {
  const labels = top.textMap('labels', /^[\w./-]+$/)
  for (const [name, value] of Object.entries(labels)) {
    if (Buffer.byteLength(name + value) <= MAX_LABEL_BYTES) continue
    top.wrong(
      `labels.${name}`,
      `name and value have more than ${MAX_LABEL_BYTES} bytes, which runtimes refuse`,
    )
  }
  return labels
}

function versionOf(top: Fields): Recipe['version'] {
  const value = top.value('version')
  if (typeof value !== 'object' || value === null) {
    return top.text('version', { matches: TAG, like: '1.2' }) || 'latest'
  }
  const fields = top.object('version')
  fields.known(['package', 'parts'])
  const several = Array.isArray(fields.value('package'))
  return {
    packages: several
      ? fields.texts('package', { matches: PACKAGE })
      : [fields.text('package', { required: true, matches: PACKAGE })],
    parts: fields.whole('parts', { least: 1, most: 4, otherwise: 1 }),
  }
}

function packageLists(top: Fields, name: string, matches: RegExp): PackageLists {
  const value = top.value(name)
  if (value === undefined || Array.isArray(value)) return { any: top.texts(name, { matches }) }
  const fields = top.object(name)
  fields.known(['any', 'debian', 'alpine'])
  return Object.fromEntries(fields.names().map((key) => [key, fields.texts(key, { matches })]))
}

function userOf(fields: Fields): RecipeUser {
  fields.known(['name', 'id', 'group', 'home', 'shell'])
  const id = fields.whole('id', { least: 1, most: MAX_ID, required: true })
  return {
    name: fields.text('name', { required: true, matches: USER }),
    id,
    group: fields.whole('group', { least: 0, most: MAX_ID, otherwise: id }),
    home: absolute(fields, 'home', fields.text('home') || '/'),
    shell: absolute(fields, 'shell', fields.text('shell') || '/sbin/nologin'),
  }
}

function fileOf(fields: Fields): RecipeFile {
  fields.known(['path', 'mode', 'owner', ...SOURCES])
  const path = absolute(fields, 'path', fields.text('path', { required: true }))
  const owner = /^(\d{1,10}):(\d{1,10})$/.exec(fields.text('owner') || '0:0')
  if (owner === null) fields.wrong('owner', 'write numbers, UID:GID')
  const mode = fields.text('mode')
  if (!/^(?:[0-7]{3,4})?$/.test(mode)) fields.wrong('mode', 'write it in quotes as octal digits, "0644"')
  const given = SOURCES.filter((name) => fields.has(name))
  if (given.length !== 1) fields.wrong('', `name exactly one of ${SOURCES.join(', ')}`)
  return {
    path,
    mode: mode === '' ? undefined : Number.parseInt(mode, 8),
    uid: Number(owner?.[1]),
    gid: Number(owner?.[2]),
    source: sourceOf(fields, given[0] ?? 'content'),
  }
}

function sourceOf(fields: Fields, type: string): RecipeFile['source'] {
  if (type === 'directory') return { type }
  if (type === 'link') return { type, target: fields.text('link', { required: true }) }
  if (type === 'links') return { type, pattern: absolute(fields, 'links', fields.text('links')) }
  if (type === 'copy') return { type, from: fields.text('copy', { required: true }) }
  return { type: 'content', content: fields.text('content') }
}

function absolute(fields: Fields, name: string, path: string): string {
  if (path === '') return ''
  const isPlain = path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\0')
  if (!isPlain) fields.wrong(name, `${JSON.stringify(path)} is no absolute path`)
  return path
}
