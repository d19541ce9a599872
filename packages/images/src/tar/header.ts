// Headers of tar archives as POSIX describes them: ustar, with pax extended headers for what ustar cannot say. The
// same entry gives the same bytes, always.

import { assert } from '@brume/base/assert'

export const BLOCK_BYTES = 512

export type TarType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'character-device'
  | 'block-device'
  | 'fifo'

export interface TarEntry {
  /** Without a leading slash; a directory has no trailing one. */
  path: string
  type: TarType
  /** Permission bits with setuid, setgid and sticky: at most 0o7777. */
  mode: number
  uid: number
  gid: number
  /** Whole seconds. */
  mtimeSeconds: number
  /** Of the content that follows: 0 for all but files. */
  sizeBytes: number
  /** Target of a link; '' otherwise. */
  linkPath: string
  /** Of devices only. */
  deviceMajor?: number
  deviceMinor?: number
  /** Name -> value, e.g. security.capability. */
  xattrs?: ReadonlyMap<string, Buffer>
}

export const TYPE_FLAGS: Readonly<Record<TarType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
}

/** Two empty blocks end an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES)

export const XATTR_PREFIX = 'SCHILY.xattr.'

const MAX_NAME = 100
const MAX_PREFIX = 155
const MAX_OCTAL_7 = 0o7777777
const MAX_OCTAL_11 = 0o77777777777
const ASCII = /^[\x20-\x7e]*$/

/** The header block of an entry, with its pax header before it when ustar does not suffice. */
export function tarHeader(entry: TarEntry): Buffer {
  const name = entry.type === 'directory' ? `${entry.path}/` : entry.path
  const records: [string, Buffer][] = []
  const split = splitName(name)
  if (split === undefined) records.push(['path', Buffer.from(name)])
  if (entry.linkPath.length > MAX_NAME || !ASCII.test(entry.linkPath)) {
    records.push(['linkpath', Buffer.from(entry.linkPath)])
  }
  if (entry.sizeBytes > MAX_OCTAL_11) records.push(['size', Buffer.from(String(entry.sizeBytes))])
  if (entry.uid > MAX_OCTAL_7) records.push(['uid', Buffer.from(String(entry.uid))])
  if (entry.gid > MAX_OCTAL_7) records.push(['gid', Buffer.from(String(entry.gid))])
  for (const [key, value] of [...(entry.xattrs ?? [])].sort(byKey)) {
    records.push([`${XATTR_PREFIX}${key}`, value])
  }
  const block = headerBlock(entry, split ?? { name: clip(name), prefix: '' }, TYPE_FLAGS[entry.type])
  if (records.length === 0) return block
  return Buffer.concat([paxHeader(records), block])
}

/** How many zero bytes follow content of this size. */
export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES
}

function paxHeader(records: readonly [string, Buffer][]): Buffer {
  const body = Buffer.concat(records.map(paxRecord))
  const entry: TarEntry = {
    path: 'pax',
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeSeconds: 0,
    sizeBytes: body.length,
    linkPath: '',
  }
  const head = headerBlock(entry, { name: 'pax', prefix: '' }, 'x')
  return Buffer.concat([head, body, Buffer.alloc(paddingOf(body.length))])
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
function paxRecord([key, value]: [string, Buffer]): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length + 1
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

interface SplitName {
  name: string
  prefix: string
}

/** ustar keeps 100 bytes, and 155 more before a slash. undefined: it does not fit. */
function splitName(path: string): SplitName | undefined {
  if (!ASCII.test(path)) return undefined
  if (path.length <= MAX_NAME) return { name: path, prefix: '' }
  const slash = path.indexOf('/', path.length - MAX_NAME - 1)
  if (slash <= 0 || slash > MAX_PREFIX || slash === path.length - 1) return undefined
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) }
}

/** For readers that do not know pax. */
const clip = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, '_').slice(0, MAX_NAME)

function headerBlock(entry: TarEntry, { name, prefix }: SplitName, typeFlag: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  const octal = (offset: number, digits: number, value: number) => {
    assert(Number.isSafeInteger(value) && value >= 0, `tar headers hold whole numbers, not ${value}`)
    const text = value.toString(8)
    block.write((text.length > digits ? '' : text).padStart(digits, '0'), offset, 'latin1')
  }
  block.write(name, 0, MAX_NAME, 'latin1')
  octal(100, 7, entry.mode)
  octal(108, 7, entry.uid)
  octal(116, 7, entry.gid)
  octal(124, 11, entry.sizeBytes)
  octal(136, 11, entry.mtimeSeconds)
  block.fill(0x20, 148, 156)
  block.write(typeFlag, 156, 'latin1')
  block.write(clip(entry.linkPath), 157, MAX_NAME, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  if (entry.type === 'character-device' || entry.type === 'block-device') {
    octal(329, 7, entry.deviceMajor ?? 0)
    octal(337, 7, entry.deviceMinor ?? 0)
  }
  block.write(prefix, 345, MAX_PREFIX, 'latin1')
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
