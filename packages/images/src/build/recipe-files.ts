// The files that a recipe names, into the tree: written out, linked, or copied from beside it.

import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ImageError } from '../image-error.ts'
import type { RecipeFile } from '../recipe/types.ts'
import { matchesAny } from './distribution.ts'
import { directoryNode, type FileTree, fileNode, linkNode } from './tree.ts'

const MAX_COPIED = 200_000

export async function addRecipeFiles(tree: FileTree, files: readonly RecipeFile[]): Promise<void> {
  for (const file of files) await addFile(tree, file)
}

async function addFile(tree: FileTree, { path, mode, uid, gid, source }: RecipeFile): Promise<void> {
  const name = path.slice(1)
  const owner = { uid, gid }
  switch (source.type) {
    case 'content':
      return tree.set(name, fileNode(source.content, mode ?? 0o644, owner))
    case 'directory':
      return tree.set(name, directoryNode(mode ?? 0o755, owner))
    case 'link':
      return tree.set(name, linkNode(source.target))
    case 'links':
      return addLinks(tree, name, source.pattern)
    case 'copy':
      await new Copy(tree, { mode, owner }).add(source.from, name)
  }
}

/** What is there already stays. */
function addLinks(tree: FileTree, directory: string, pattern: string): void {
  for (const path of [...tree.paths()].sort()) {
    const at = `${directory}/${path.slice(path.lastIndexOf('/') + 1)}`
    if (matchesAny(`/${path}`, [pattern]) && tree.get(at) === undefined) tree.set(at, linkNode(`/${path}`))
  }
}

/** Modes are reduced to what git keeps (executable or not), so that every checkout gives the same image. */
class Copy {
  readonly #tree: FileTree
  readonly #mode: number | undefined
  readonly #owner: { uid: number; gid: number }
  #count = 0

  constructor(
    tree: FileTree,
    { mode, owner }: { mode: number | undefined; owner: { uid: number; gid: number } },
  ) {
    this.#tree = tree
    this.#mode = mode
    this.#owner = owner
  }

  async add(from: string, name: string): Promise<void> {
    if (++this.#count > MAX_COPIED) throw new ImageError(`${from}: more than ${MAX_COPIED} files to copy`)
    const found = await lstat(from).catch((cause: NodeJS.ErrnoException) => {
      throw new ImageError(
        `cannot copy ${from}: ${cause.code === 'ENOENT' ? 'it does not exist' : cause.code}`,
        {
          cause,
        },
      )
    })
    if (found.isSymbolicLink()) this.#tree.set(name, linkNode(await readlink(from)))
    else if (found.isFile()) {
      const mode = this.#mode ?? ((found.mode & 0o111) === 0 ? 0o644 : 0o755)
      this.#tree.set(name, fileNode({ file: from, offset: 0, sizeBytes: found.size }, mode, this.#owner))
    } else if (found.isDirectory()) {
      this.#tree.set(name, directoryNode(0o755, this.#owner))
      for (const child of await readdir(from)) await this.add(join(from, child), join(name, child))
    } else throw new ImageError(`cannot copy ${from}: it is neither file, directory nor link`)
  }
}
