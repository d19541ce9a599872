// The status of an answer, read from the start of its header block (HPACK, RFC 7541). The peer was told to keep no table,
// and :status comes first, so nothing else of a block needs to be understood.

/** Static table: :status with these values. */
const STATIC: Readonly<Record<number, number>> = {
  8: 200,
  9: 204,
  10: 206,
  11: 304,
  12: 400,
  13: 404,
  14: 500,
}

/** Throws for a block that begins with anything but the status. */
export function statusOf(block: Buffer): number {
  let at = 0
  // Sizes of the table, which the peer tells first.
  while ((block[at]! & 0xe0) === 0x20) at++
  const first = block[at]!
  if (first & 0x80) return STATIC[first & 0x7f] ?? unknown(block)
  // A literal whose name is one of the static table's :status, to be indexed (01), not (0000) or never (0001).
  const name = (first & 0xc0) === 0x40 ? first & 0x3f : first & 0x0f
  if (STATIC[name] === undefined) return unknown(block)
  const length = block[at + 1]! & 0x7f
  const value = block.subarray(at + 2, at + 2 + length)
  return block[at + 1]! & 0x80 ? huffmanDigits(value) : Number(value.toString('latin1'))
}

/** Three digits in the code of RFC 7541, appendix B: 0 to 2 in five bits, 3 to 9 in six, from 25 on. */
function huffmanDigits(bytes: Buffer): number {
  let bits = 0
  for (const byte of bytes) bits = (bits << 8) | byte
  let left = bytes.length * 8
  let value = 0
  for (let digit = 0; digit < 3; digit++) {
    const five = (bits >>> (left - 5)) & 0x1f
    if (five <= 2) {
      value = value * 10 + five
      left -= 5
    } else {
      value = value * 10 + ((bits >>> (left - 6)) & 0x3f) - 22
      left -= 6
    }
  }
  return value
}

function unknown(block: Buffer): never {
  throw new Error(
    `an answer's headers do not begin with its status: ${block.subarray(0, 16).toString('hex')}`,
  )
}
