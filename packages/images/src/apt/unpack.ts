// Packages into a tree: names and places of their files. The contents stay in the unpacked archives until the layer is
// written.

import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type FilePart, readWhole } from '../build/content.ts'
import { type FileTree, fileNode } from '../build/tree.ts'
import { run } from '../process/run.ts'
import { readTar } from '../tar/read.ts'
import { fileSource } from '../tar/source.ts'
import { addAlternatives } from './alternatives.ts'
import type { AptDirs } from './config.ts'
import type { Paragraph } from './control.ts'
import type { AptPackage } from './resolve.ts'

/** Unpacking is xz, one core each. */
const PARALLEL = 2

/** Of no use in an image. Copyright files stay. */
const LEFT_OUT = [
  /^usr\/share\/(man|info|locale|lintian|linda|bash-completion|doc-base|bug|gtk-doc|zsh)\//,
  /^usr\/share\/doc\/.*\/(?!copyright$)[^/]+$/,
  /^usr\/share\/doc\/[^/]+\/(?!copyright$)[^/]+$/,
  /^(usr\/)?lib\/(systemd|udev)\//,
  /^etc\/(init\.d|cron\.[a-z]+|logrotate\.d|apparmor\.d|ufw)\//,
]

/** Fields of the package lists that say where a package is, not what it is. */
const LIST_FIELDS = new Set(['Filename', 'Size', 'MD5sum', 'SHA1', 'SHA256', 'SHA512', 'Description-md5'])

export interface UnpackOptions {
  dirs: AptDirs
  packages: readonly AptPackage[]
  tree: FileTree
  workDir: string
  signal?: AbortSignal | undefined
}

export async function unpackPackages({
  dirs,
  packages,
  tree,
  workDir,
  signal,
}: UnpackOptions): Promise<void> {
  const archives = packages.map(({ fileName }, i) => ({
    deb: join(dirs.archives, fileName),
    data: join(workDir, `${i}.tar`),
    control: join(workDir, `${i}.control.tar`),
  }))
  await inParallel(archives, async ({ deb, data, control }) => {
    await run(['dpkg-deb', '--fsys-tarfile', deb], { outputFile: data, signal })
    await run(['dpkg-deb', '--ctrl-tarfile', deb], { outputFile: control, signal })
  })
  const scripts: string[] = []
  for (const { data, control } of archives) {
    await addFiles(tree, data)
    scripts.push(await postInstall(control))
  }
  addAlternatives(tree, scripts)
  if (packages.length > 0) tree.set('var/lib/dpkg/status', fileNode(statusFile(packages)))
}

async function addFiles(tree: FileTree, path: string): Promise<void> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  for await (const entry of readTar(fileSource(file, { start: 0, sizeBytes: size }))) {
    const { path: name, contentOffset, sizeBytes, content: _, mtimeSeconds: __, ...node } = entry
    if (name === '' || LEFT_OUT.some((pattern) => pattern.test(name))) continue
    if (node.type !== 'file') tree.set(name, node)
    else
      tree.set(name, {
        ...node,
        content: { file: path, offset: contentOffset, sizeBytes } satisfies FilePart,
      })
  }
}

async function postInstall(path: string): Promise<string> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  for await (const entry of readTar(fileSource(file, { start: 0, sizeBytes: size }))) {
    if (entry.path !== 'postinst') continue
    const { contentOffset: offset, sizeBytes } = entry
    return (await readWhole({ file: path, offset, sizeBytes })).toString()
  }
  return ''
}

/** What dpkg, and scanners of images, read: which packages are in here. */
function statusFile(packages: readonly AptPackage[]): string {
  return packages.map(({ control }) => `${statusParagraph(control)}\n`).join('')
}

function statusParagraph(control: Paragraph): string {
  const { Package: name, ...rest } = control
  const fields = Object.entries(rest).filter(([field]) => !LIST_FIELDS.has(field))
  const lines = fields.map(([field, value]) => `${field}: ${value}\n`)
  return `Package: ${name}\nStatus: install ok installed\n${lines.join('')}`
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}
