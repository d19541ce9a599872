// The Range header, as far as registries' clients use it: one range of bytes.

import { RegistryError } from './errors.ts'

export interface ByteRange {
  start: number
  length: number
}

/** undefined: the whole. Throws RANGE_INVALID for one that is not in the content. */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim())
  // What is not understood is ignored, as the HTTP specification has it.
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const [first, last] = [match[1]!, match[2]!]
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start > end) throw new RegistryError('RANGE_INVALID', `the content has ${size} bytes`)
  return { start, length: end - start + 1 }
}
