// Writing protobuf's wire format backwards, from the end of a buffer to its front: the length of a nested message is
// known when its header is due, so nothing is measured first and nothing is moved.

import { BYTES } from './wire-reader.ts'

const FIRST_SIZE = 16 * 1024
const LARGEST_KEPT = 1024 * 1024

export class WireWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_SIZE)
  /** Everything from here to the end is written. */
  #at = FIRST_SIZE

  /** Bytes written so far. */
  get length(): number {
    return this.#buffer.length - this.#at
  }

  /** A copy of what was written, of exact size; the writer is empty again. */
  finish(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.length)
    this.#buffer.copy(bytes, 0, this.#at)
    this.clear()
    return bytes
  }

  /** Forgets what was written; the room for a huge message is given back. */
  clear(): void {
    if (this.#buffer.length > LARGEST_KEPT) this.#buffer = Buffer.allocUnsafeSlow(FIRST_SIZE)
    this.#at = this.#buffer.length
  }

  tag(number: number, wireType: number): void {
    this.uint32((number << 3) | wireType)
  }

  /** Header of a length-delimited field whose content has been written since the writer had `lengthBefore` bytes. */
  delimit(number: number, lengthBefore: number): void {
    this.uint32(this.length - lengthBefore)
    this.tag(number, BYTES)
  }

  uint32(value: number): void {
    this.#reserve(5)
    if (value < 0x80 && value >= 0) {
      this.#buffer[--this.#at] = value
      return
    }
    let size = 1
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++
    this.#at -= size
    let rest = value
    for (let i = 0; i < size - 1; i++) {
      this.#buffer[this.#at + i] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#at + size - 1] = rest
  }

  /** A signed varint; negative ones take ten bytes. */
  int64(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value < 2 ** 31) this.uint32(value)
    else this.#bigVarint(BigInt.asUintN(64, BigInt(value)))
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at -= 8
    this.#buffer.writeDoubleLE(value, this.#at)
  }

  bytes(value: Buffer): void {
    this.#reserve(value.length)
    this.#at -= value.length
    value.copy(this.#buffer, this.#at)
  }

  string(value: string): void {
    if (value.length <= 24 && this.#shortAscii(value)) return
    const size = Buffer.byteLength(value)
    this.#reserve(size)
    this.#at -= size
    this.#buffer.write(value, this.#at, size, 'utf8')
  }

  #shortAscii(value: string): boolean {
    const { length } = value
    this.#reserve(length)
    const from = this.#at - length
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) return false
      this.#buffer[from + i] = code
    }
    this.#at = from
    return true
  }

  #bigVarint(value: bigint): void {
    const groups: number[] = []
    let rest = value
    do {
      groups.push(Number(rest & 0x7fn))
      rest >>= 7n
    } while (rest > 0n)
    this.#reserve(groups.length)
    this.#at -= groups.length
    groups.forEach((group, i) => {
      this.#buffer[this.#at + i] = i < groups.length - 1 ? group | 0x80 : group
    })
  }

  #reserve(size: number): void {
    if (this.#at >= size) return
    const written = this.length
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, written + size))
    this.#buffer.copy(bigger, bigger.length - written, this.#at)
    this.#at = bigger.length - written
    this.#buffer = bigger
  }
}
