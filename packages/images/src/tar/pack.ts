// Small archives, in memory.

import { paddingOf, TAR_END, type TarEntry, tarHeader } from './header.ts'

export interface PackedFile {
  path: string
  content: Buffer | string
  /** Default 0o644. */
  mode?: number
}

/** Files in the order given, of root, without a time: the same files give the same bytes. */
export function packTar(files: readonly PackedFile[]): Buffer {
  const parts: Buffer[] = []
  for (const { path, content, mode = 0o644 } of files) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    parts.push(tarHeader(plainFile(path, bytes.length, mode)), bytes, Buffer.alloc(paddingOf(bytes.length)))
  }
  parts.push(TAR_END)
  return Buffer.concat(parts)
}

export function plainFile(path: string, sizeBytes: number, mode = 0o644): TarEntry {
  return { path, type: 'file', mode, uid: 0, gid: 0, mtimeSeconds: 0, sizeBytes, linkPath: '' }
}

export function plainDirectory(path: string, mode = 0o755): TarEntry {
  return { path, type: 'directory', mode, uid: 0, gid: 0, mtimeSeconds: 0, sizeBytes: 0, linkPath: '' }
}
