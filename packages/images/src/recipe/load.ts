// Recipes by name or by file, with those that they extend.

import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ImageError } from '../image-error.ts'
import { parseRecipe, type WrittenRecipe } from './parse.ts'
import type { PackageLists, Recipe } from './types.ts'

export const SHIPPED_DIR = resolve(import.meta.dirname, '../../recipes')

const MAX_EXTENDS = 8
/** What one recipe adds to another; everything else it replaces. */
const ADDED = new Set([
  'remove',
  'busybox',
  'users',
  'files',
  'env',
  'labels',
  'volumes',
  'packages',
  'without',
])
/** A recipe that extends another is another image. */
const OWN = new Set(['name', 'version', 'summary'])

/** Names of the recipes that come with Brume. */
export async function shippedRecipes(): Promise<string[]> {
  const names = await readdir(SHIPPED_DIR)
  return names
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort()
}

/** `what`: the name of a shipped recipe, or the path of a file. */
export async function loadRecipe(what: string, workingDir = process.cwd()): Promise<Recipe> {
  const path = /^[a-z0-9-]+$/.test(what) ? join(SHIPPED_DIR, `${what}.yaml`) : resolve(workingDir, what)
  return follow(path, 0, what)
}

async function follow(path: string, depth: number, what: string): Promise<Recipe> {
  if (depth > MAX_EXTENDS)
    throw new ImageError(`${path}: recipes extend each other more than ${MAX_EXTENDS} deep`)
  const text = await readFile(path, 'utf8').catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'EISDIR') throw cause
    const names = (await shippedRecipes()).join(', ')
    throw new ImageError(`there is no recipe ${what}; those that come with Brume are ${names}`, { cause })
  })
  const written = placed(parseRecipe(text, path), dirname(path))
  if (written.extends === undefined) return written.recipe
  const isName = /^[a-z0-9-]+$/.test(written.extends)
  const base = isName ? join(SHIPPED_DIR, `${written.extends}.yaml`) : resolve(dirname(path), written.extends)
  return extended(await follow(base, depth + 1, written.extends), written)
}

/** With the files to copy as whole paths. Throws ImageError for one that is not beside the recipe. */
function placed(written: WrittenRecipe, directory: string): WrittenRecipe {
  const files = written.recipe.files.map((file) => {
    if (file.source.type !== 'copy') return file
    const from = resolve(directory, file.source.from)
    return { ...file, source: { type: 'copy' as const, from } }
  })
  return { ...written, recipe: { ...written.recipe, files } }
}

function extended(base: Recipe, { recipe, given }: WrittenRecipe): Recipe {
  const merged: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(recipe)) {
    if (OWN.has(name)) merged[name] = value
    else if (given.has(name)) {
      merged[name] = ADDED.has(name) ? added(merged[name], value, name) : value
    }
  }
  // Another entry point has another command.
  if (given.has('entrypoint') && !given.has('command')) merged['command'] = []
  return merged as unknown as Recipe
}

function added(before: unknown, more: unknown, name: string): unknown {
  if (before === 'all' || more === 'all') return 'all'
  if (Array.isArray(before) && Array.isArray(more)) return [...before, ...more]
  if (name !== 'packages' && name !== 'without') return { ...(before as object), ...(more as object) }
  const [a, b] = [before as PackageLists, more as PackageLists]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...keys].map((key) => [key, [...(a[key] ?? []), ...(b[key] ?? [])]]))
}
