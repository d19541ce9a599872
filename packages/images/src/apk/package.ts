// One package of Alpine: three archives in one file, for the signature, the description and the files, each packed for
// itself (abuild's APKv2). The first two have no end of their own, so that all read as one.

import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { readWhole } from '../build/content.ts'
import type { FoundPackage } from '../build/distribution.ts'
import type { FileTree } from '../build/tree.ts'
import { ImageError } from '../image-error.ts'
import { readTar } from '../tar/read.ts'
import { fileSource } from '../tar/source.ts'

export interface ApkPackage extends FoundPackage {
  /** Names that others may depend on, without versions. */
  provides: readonly string[]
  depends: readonly string[]
  /** The unpacked archive. */
  archive: string
}

/** Of no use in an image. */
const LEFT_OUT = [/^usr\/share\/(man|info|doc|locale|bash-completion|zsh)\//, /^etc\/(init\.d|conf\.d)\//]

/** Unpacks it beside the file and reads its description. Throws ImageError for what is no package. */
export async function readPackage(path: string): Promise<ApkPackage> {
  const archive = `${path}.tar`
  await pipeline(createReadStream(path), createGunzip(), createWriteStream(archive)).catch((cause) => {
    throw new ImageError(`${path} is no package of Alpine`, { cause })
  })
  await using file = await open(archive, 'r')
  const { size } = await file.stat()
  for await (const entry of readTar(fileSource(file, { start: 0, sizeBytes: size }))) {
    if (entry.path !== '.PKGINFO') continue
    const { contentOffset: offset, sizeBytes } = entry
    const text = (await readWhole({ file: archive, offset, sizeBytes })).toString()
    return { ...parseInfo(text, path), archive }
  }
  throw new ImageError(`${path} has no .PKGINFO`)
}

/** Puts its files into the tree; what starts with a dot at the top describes the package. */
export async function unpackPackage(tree: FileTree, { archive }: ApkPackage): Promise<void> {
  await using file = await open(archive, 'r')
  const { size } = await file.stat()
  for await (const entry of readTar(fileSource(file, { start: 0, sizeBytes: size }))) {
    const {
      path,
      contentOffset: offset,
      sizeBytes,
      content: _,
      mtimeSeconds: __,
      xattrs: ___,
      ...node
    } = entry
    if (path === '' || path.startsWith('.') || LEFT_OUT.some((pattern) => pattern.test(path))) continue
    if (node.type === 'file') tree.set(path, { ...node, content: { file: archive, offset, sizeBytes } })
    else tree.set(path, node)
  }
}

function parseInfo(text: string, path: string): Omit<ApkPackage, 'archive'> {
  const values = (key: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${key} = `))
      .map((line) => line.slice(key.length + 3).trim())
  const [name] = values('pkgname')
  const [version] = values('pkgver')
  if (name === undefined || version === undefined) throw new ImageError(`${path} does not say what it is`)
  return {
    name,
    version,
    provides: values('provides').map(plainName),
    // `!name` is a conflict.
    depends: values('depend')
      .filter((one) => !one.startsWith('!'))
      .map(plainName),
  }
}

/** `so:libc.musl-x86_64.so.1=1` without its version. */
export function plainName(text: string): string {
  return text.replace(/[<>=~].*$/, '')
}
