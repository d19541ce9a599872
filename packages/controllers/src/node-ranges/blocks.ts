// Blocks of a range of IPv4 addresses. Pure.

/** Addresses of a node's pods: 254, more than its 110 pods. */
const BLOCK_BITS = 24

/** The lowest block of `range` that none of `taken` overlaps; undefined when all are taken. Throws RangeError. */
export function freeBlock(range: string, taken: readonly string[]): string | undefined {
  const whole = parse(range)
  const bits = Math.max(BLOCK_BITS, whole.bits)
  const size = 2 ** (32 - bits)
  const used = taken.flatMap((text) => {
    try {
      return [parse(text)]
    } catch {
      // Another family, or nothing of ours.
      return []
    }
  })
  for (let first = whole.first; first < whole.first + 2 ** (32 - whole.bits); first += size) {
    const overlaps = used.some((one) => first < one.first + 2 ** (32 - one.bits) && one.first < first + size)
    if (!overlaps) return `${format(first)}/${bits}`
  }
  return undefined
}

function parse(text: string): { first: number; bits: number } {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)
  const [a = 256, b = 256, c = 256, d = 256, bits = 33] = (match ?? []).slice(1).map(Number)
  if (Math.max(a, b, c, d) > 255 || bits > 32) throw new RangeError(`${text} is no range of IPv4 addresses`)
  return { first: ((a * 256 + b) * 256 + c) * 256 + d, bits }
}

function format(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
