// Reading archives that come from anywhere: ustar, pax and GNU's long names. Every field is checked before it is
// believed, and everything that could grow has a limit.

import { ImageError } from '../image-error.ts'
import { numberField, type Pax, parsePax, textField } from './fields.ts'
import { BLOCK_BYTES, paddingOf, type TarEntry, type TarType, TYPE_FLAGS, XATTR_PREFIX } from './header.ts'
import { safePath, shown } from './path.ts'
import type { ByteSource } from './source.ts'

export interface TarLimits {
  entries: number
  /** Of all contents together. */
  contentBytes: number
}

export const TAR_LIMITS: TarLimits = { entries: 2_000_000, contentBytes: 64 * 1024 ** 3 }

const MAX_EXTENSION_BYTES = 1024 * 1024

export interface ReadEntry extends TarEntry {
  /** Of the content, from the start of the archive. */
  contentOffset: number
  /** Only before the next entry is asked for, and only once. Throws ImageError when the archive ends in it. */
  content(): AsyncGenerator<Buffer>
}

const TYPES = new Map<string, TarType>(
  (Object.entries(TYPE_FLAGS) as [TarType, string][]).map(([type, flag]) => [flag, type]),
)
TYPES.set('\0', 'file')
TYPES.set('7', 'file')

/** What precedes an entry and changes it. */
interface Extensions {
  pax: Pax
  longName?: string | undefined
  longLink?: string | undefined
}

/** The entries in order. Throws ImageError for what is no archive, or a hostile one. */
export async function* readTar(
  source: ByteSource,
  limits: TarLimits = TAR_LIMITS,
): AsyncGenerator<ReadEntry, void, undefined> {
  let extensions: Extensions = { pax: new Map() }
  let entries = 0
  let total = 0
  for (;;) {
    const block = await source.read(BLOCK_BYTES)
    if (block.length === 0 && entries > 0) return
    if (block.length < BLOCK_BYTES) throw new ImageError('this is no tar archive, or it was cut off')
    if (isZero(block)) return
    verifyChecksum(block, entries)
    if (++entries > limits.entries) {
      throw new ImageError(`the archive has more than ${limits.entries} entries`)
    }
    const flag = String.fromCharCode(block[156]!)
    if ('xgLK'.includes(flag)) {
      await readExtension(source, block, flag, extensions)
      continue
    }
    const header = entryOf(block, flag, extensions)
    extensions = { pax: new Map() }
    total += header.sizeBytes
    if (total > limits.contentBytes) {
      throw new ImageError(`the archive holds more than ${limits.contentBytes} bytes`)
    }
    const contentOffset = source.position
    yield { ...header, contentOffset, content: () => contentOf(source, header) }
    const end = contentOffset + header.sizeBytes
    const left = end - source.position + paddingOf(header.sizeBytes)
    const passed = await source.skip(left)
    // The last padding may be missing: some writers leave it out.
    if (source.position < end) throw cutOff(header)
    if (passed < left) return
  }
}

async function* contentOf(source: ByteSource, entry: TarEntry): AsyncGenerator<Buffer> {
  const end = source.position + entry.sizeBytes
  yield* source.pieces(entry.sizeBytes)
  if (source.position < end) throw cutOff(entry)
}

function cutOff({ path }: TarEntry): ImageError {
  return new ImageError(`the archive ends in the middle of ${shown(path)}`)
}

async function readExtension(
  source: ByteSource,
  block: Buffer,
  flag: string,
  extensions: Extensions,
): Promise<void> {
  const size = numberField(block, 124, 12)
  if (size > MAX_EXTENSION_BYTES) {
    throw new ImageError(
      `the archive has an extended header of ${size} bytes; ${MAX_EXTENSION_BYTES} are allowed`,
    )
  }
  const body = await source.read(size)
  const passed = await source.skip(paddingOf(size))
  if (body.length < size || passed < paddingOf(size)) {
    throw new ImageError('the archive ends in the middle of an extended header')
  }
  if (flag === 'x') extensions.pax = parsePax(body)
  else if (flag === 'L') extensions.longName = textField(body, 0, size)
  else if (flag === 'K') extensions.longLink = textField(body, 0, size)
  // Global headers ('g') carry comments in practice (git archive): nothing that an image needs.
}

function entryOf(block: Buffer, flag: string, { pax, longName, longLink }: Extensions): TarEntry {
  const raw = pax.get('path')?.toString() ?? longName ?? ustarName(block)
  const found = TYPES.get(flag)
  if (found === undefined) {
    const what = flag === 'S' ? 'a sparse file' : `an entry of unknown type ${shown(flag)}`
    throw new ImageError(`the archive holds ${what}: ${shown(raw)}`)
  }
  // Before there was a type for them, directories were files with a slash.
  const type = found === 'file' && raw.endsWith('/') ? 'directory' : found
  for (const key of pax.keys()) {
    if (key.startsWith('GNU.sparse.')) throw new ImageError(`the archive holds a sparse file: ${shown(raw)}`)
  }
  const number = (key: string, offset: number, length: number) => {
    const text = pax.get(key)?.toString()
    return text === undefined ? numberField(block, offset, length) : wholeNumber(key, text)
  }
  const sizeBytes = number('size', 124, 12)
  const isLink = type === 'symlink' || type === 'hardlink'
  const linkPath = isLink ? (pax.get('linkpath')?.toString() ?? longLink ?? textField(block, 157, 100)) : ''
  if (isLink && linkPath === '') throw new ImageError(`the archive holds a link to nothing: ${shown(raw)}`)
  const xattrs = xattrsOf(pax)
  const isDevice = type === 'character-device' || type === 'block-device'
  return {
    path: safePath(raw),
    type,
    mode: numberField(block, 100, 8) & 0o7777,
    uid: number('uid', 108, 8),
    gid: number('gid', 116, 8),
    mtimeSeconds: mtimeOf(block, pax),
    sizeBytes: type === 'file' ? sizeBytes : 0,
    linkPath: type === 'hardlink' ? safePath(linkPath) : linkPath,
    ...(isDevice ? { deviceMajor: numberField(block, 329, 8), deviceMinor: numberField(block, 337, 8) } : {}),
    ...(xattrs.size === 0 ? {} : { xattrs }),
  }
}

function ustarName(block: Buffer): string {
  const name = textField(block, 0, 100)
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isUstar ? textField(block, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function mtimeOf(block: Buffer, pax: Pax): number {
  const seconds = Number(pax.get('mtime')?.toString() ?? numberField(block, 136, 12, true))
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(Math.floor(seconds), 2 ** 33 - 1) : 0
}

function xattrsOf(pax: Pax): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (const [key, value] of pax) {
    if (key.startsWith(XATTR_PREFIX)) found.set(key.slice(XATTR_PREFIX.length), value)
  }
  return found
}

function wholeNumber(key: string, text: string): number {
  const value = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value
  throw new ImageError(`the archive says ${key}=${shown(text)}, which is no whole number`)
}

const isZero = (block: Buffer) => block.every((byte) => byte === 0)

function verifyChecksum(block: Buffer, entries: number): void {
  let sum = 0
  let signed = 0
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : block[i]!
    sum += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  const said = Number.parseInt(textField(block, 148, 8).trim(), 8)
  if (said === sum || said === signed) return
  throw new ImageError(
    entries === 0 ? 'this is no tar archive' : 'the archive is damaged: a checksum is wrong',
  )
}
