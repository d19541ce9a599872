// Names in archives that come from anywhere.

import { ImageError } from '../image-error.ts'

const MAX_PATH_BYTES = 4096

/**
 * The path without a leading `./` and a trailing slash; '' is the root itself. Throws ImageError for one that leads out
 * of the archive, or that no file system takes.
 */
export function safePath(raw: string): string {
  if (raw.startsWith('/')) throw new ImageError(`the archive names an absolute path: ${shown(raw)}`)
  if (raw.includes('\0')) throw new ImageError(`the archive names a path with a zero byte: ${shown(raw)}`)
  if (Buffer.byteLength(raw) > MAX_PATH_BYTES) {
    throw new ImageError(`the archive names a path of more than ${MAX_PATH_BYTES} bytes: ${shown(raw)}`)
  }
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..'))
    throw new ImageError(`the archive names a path that leads out of it: ${shown(raw)}`)
  return parts.join('/')
}

/** Whether a link at `path` leads above the root of the archive. An absolute target starts at that root. */
export function linkEscapes(path: string, target: string): boolean {
  const depth: string[] = target.startsWith('/') ? [] : path.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') depth.push(part)
    else if (depth.pop() === undefined) return true
  }
  return false
}

/** For messages: short, and without control characters. */
export function shown(text: string): string {
  const clean = text.replaceAll(/[^\x20-\x7e]/g, '?')
  return JSON.stringify(clean.length > 120 ? `${clean.slice(0, 117)}...` : clean)
}
