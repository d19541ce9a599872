// The files of an image while it is put together: names and where their contents are, never the contents. Names go
// through links as they would on a disk, and never out of the tree.

import { ImageError } from '../image-error.ts'
import type { TarEntry } from '../tar/header.ts'
import { shown } from '../tar/path.ts'
import type { Content } from './content.ts'

export interface TreeNode extends Omit<TarEntry, 'path' | 'sizeBytes' | 'mtimeSeconds'> {
  /** Of files. */
  content?: Content
}

/** As the kernel: further links are a circle. */
const MAX_LINKS = 40

export class FileTree {
  readonly #nodes = new Map<string, TreeNode>()

  /** Sorted by name: a directory comes before what is in it. */
  entries(): [path: string, node: TreeNode][] {
    return [...this.#nodes].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Puts a node at a path, replacing what was there; a directory stays, with the new rights. */
  set(path: string, node: TreeNode): void {
    if (path === '') return
    const real = this.#real(path)
    const before = this.#nodes.get(real)
    if (node.type === 'directory' && before?.type === 'symlink') return
    if (node.type !== 'directory' && before?.type === 'directory') this.remove(real)
    this.#addParents(real)
    this.#nodes.set(real, node.type === 'hardlink' ? { ...node, linkPath: this.#real(node.linkPath) } : node)
  }

  /** What is at the path itself (a link is not followed). */
  get(path: string): TreeNode | undefined {
    return this.#nodes.get(this.#real(path))
  }

  /** Where a path leads, through all links; undefined: to nothing. */
  resolve(path: string): { path: string; node: TreeNode } | undefined {
    let at = this.#real(path)
    for (let links = 0; links < MAX_LINKS; links++) {
      const node = this.#nodes.get(at)
      if (node === undefined) return undefined
      if (node.type !== 'symlink') return { path: at, node }
      at = this.#real(joinTarget(at, node.linkPath))
    }
    return undefined
  }

  /** With everything in it. Links to the content of a removed name take the content over. */
  remove(path: string): void {
    const real = this.#real(path)
    const gone = [...this.#nodes.keys()].filter((name) => name === real || name.startsWith(`${real}/`))
    for (const name of gone) {
      const node = this.#nodes.get(name)!
      this.#nodes.delete(name)
      if (node.type === 'file') this.#bequeath(name, node)
    }
  }

  paths(): IterableIterator<string> {
    return this.#nodes.keys()
  }

  #bequeath(name: string, node: TreeNode): void {
    let heir: string | undefined
    for (const [path, other] of this.#nodes) {
      if (other.type !== 'hardlink' || other.linkPath !== name) continue
      this.#nodes.set(path, heir === undefined ? node : { ...other, linkPath: heir })
      heir ??= path
    }
  }

  #addParents(path: string): void {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const parent = path.slice(0, slash)
      const node = this.#nodes.get(parent)
      if (node === undefined) this.#nodes.set(parent, directoryNode())
      else if (node.type !== 'directory') {
        throw new ImageError(`${shown(path)} cannot be placed: ${shown(parent)} is no directory`)
      }
    }
  }

  /** The path with every link among its parents followed. */
  #real(path: string): string {
    let rest = path.split('/').filter((part) => part !== '' && part !== '.')
    let done: string[] = []
    let links = 0
    while (rest.length > 0) {
      const [part, ...more] = rest
      rest = more
      if (part === '..') {
        done.pop()
        continue
      }
      done.push(part!)
      const node = rest.length > 0 ? this.#nodes.get(done.join('/')) : undefined
      if (node?.type !== 'symlink') continue
      if (++links > MAX_LINKS) throw new ImageError(`${shown(path)} leads through too many links`)
      const at = done.join('/')
      rest = [...joinTarget(at, node.linkPath).split('/'), ...rest]
      done = []
    }
    return done.join('/')
  }
}

export function directoryNode(
  mode = 0o755,
  owner: { uid: number; gid: number } = { uid: 0, gid: 0 },
): TreeNode {
  return { type: 'directory', mode, ...owner, linkPath: '' }
}

export function fileNode(
  content: Content | string,
  mode = 0o644,
  owner: { uid: number; gid: number } = { uid: 0, gid: 0 },
): TreeNode {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { type: 'file', mode, ...owner, linkPath: '', content: bytes }
}

export function linkNode(target: string): TreeNode {
  return { type: 'symlink', mode: 0o777, uid: 0, gid: 0, linkPath: target }
}

/** Where a link leads, from the root of the tree; `..` at the root stays there. */
function joinTarget(path: string, target: string): string {
  const parts = target.startsWith('/') ? [] : path.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}
