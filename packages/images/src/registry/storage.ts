// Where the registry keeps things: blobs once, by digest; repositories as small files that name them. A repository
// serves only what was pushed or mounted into it, so that rights on repositories mean something.

import { mkdir, readFile, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hexOf, isDigest } from '../oci/digest.ts'
import { namesIn, noneWhenMissing, statOrNone, syncDirectory, writeWhole } from './files.ts'
import { isRepository } from './names.ts'

const MAX_DEPTH = 64

/** Kinds of small files in a repository. Their names start with `_`: no part of a repository's name does. */
type Kind = '_blobs' | '_manifests' | '_tags' | '_referrers' | `_referrers/${string}`

export class Storage {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  get blobs(): string {
    return join(this.root, 'blobs', 'sha256')
  }

  get uploads(): string {
    return join(this.root, 'uploads')
  }

  blobPath(digest: string): string {
    const hex = hexOf(digest)
    return join(this.blobs, hex.slice(0, 2), hex)
  }

  /** Bytes; undefined: it is not here. */
  async blobSize(digest: string): Promise<number | undefined> {
    return (await statOrNone(this.blobPath(digest)))?.size
  }

  /** Takes a complete, flushed file in as a blob. */
  async adopt(file: string, digest: string): Promise<void> {
    const path = this.blobPath(digest)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rename(file, path)
    await syncDirectory(dirname(path))
  }

  async addBlob(digest: string, bytes: Buffer): Promise<void> {
    if ((await this.blobSize(digest)) === bytes.length) await this.touch(digest)
    else await writeWhole(this.blobPath(digest), bytes)
  }

  /** Young blobs are not collected: whoever relies on one makes it, and its place in a repository, young again. */
  async touch(digest: string, repository?: string): Promise<void> {
    const now = new Date()
    await utimes(this.blobPath(digest), now, now).catch(noneWhenMissing)
    if (repository === undefined) return
    await utimes(this.#path(repository, '_blobs', hexOf(digest)), now, now).catch(noneWhenMissing)
  }

  async link(repository: string, kind: Kind, name: string, content = ''): Promise<void> {
    await writeWhole(this.#path(repository, kind, name), content)
  }

  async unlink(repository: string, kind: Kind, name: string): Promise<void> {
    await rm(this.#path(repository, kind, name), { force: true, recursive: true })
  }

  /** What the small file says; undefined: there is none. */
  async linked(repository: string, kind: Kind, name: string): Promise<string | undefined> {
    return readFile(this.#path(repository, kind, name), 'utf8').catch(noneWhenMissing)
  }

  async linkedAtMs(repository: string, kind: Kind, name: string): Promise<number | undefined> {
    return (await statOrNone(this.#path(repository, kind, name)))?.mtimeMs
  }

  async links(repository: string, kind: Kind): Promise<string[]> {
    return namesIn(this.#path(repository, kind))
  }

  /** Digest of a tag. */
  async tag(repository: string, tag: string): Promise<string | undefined> {
    const digest = await this.linked(repository, '_tags', tag)
    return isDigest(digest) ? digest : undefined
  }

  async exists(repository: string): Promise<boolean> {
    return (await statOrNone(this.#path(repository, '_manifests'))) !== undefined
  }

  /** Sorted. */
  async repositories(): Promise<string[]> {
    const found: string[] = []
    const visit = async (name: string, depth: number): Promise<void> => {
      const children = await namesIn(join(this.root, 'repositories', name))
      if (children.includes('_manifests')) found.push(name)
      if (depth >= MAX_DEPTH) return
      for (const child of children) {
        if (!child.startsWith('_')) await visit(name === '' ? child : `${name}/${child}`, depth + 1)
      }
    }
    await visit('', 0)
    return found.filter(isRepository).sort()
  }

  #path(repository: string, kind: Kind, name = ''): string {
    return join(this.root, 'repositories', repository, kind, name)
  }
}
