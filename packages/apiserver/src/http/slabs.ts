// Writing many small buffers as few large ones, as fast as the client takes them and no faster, and leaving the event
// loop to others between them.

import type { Sink } from './types.ts'

export const SLAB_BYTES = 256 * 1024

/**
 * Joins `pieces` into slabs of SLAB_BYTES and ends the sink after the last. One slab serves for a whole body: a new one
 * for each would cost the kernel, for clearing its pages, more than encrypting what is in it.
 */
export function writeSlabs(sink: Sink, pieces: readonly Buffer[]): void {
  const rest = { pieces, index: 0, offset: 0 }
  let slab: Buffer | undefined
  const next = () => {
    if (sink.closed) return
    slab ??= Buffer.allocUnsafeSlow(SLAB_BYTES)
    const room = sink.write(slab.subarray(0, fill(slab, rest)))
    if (rest.index >= pieces.length) {
      sink.end()
    } else if (room) {
      // Not drained: the sink may still be reading it.
      slab = undefined
      setImmediate(next)
    } else {
      sink.onDrain(next)
    }
  }
  if (pieces.length === 0) sink.end()
  else next()
}

/** Copies as much as there is room for; returns how much. */
function fill(slab: Buffer, rest: { pieces: readonly Buffer[]; index: number; offset: number }): number {
  let at = 0
  while (rest.index < rest.pieces.length && at < slab.length) {
    const piece = rest.pieces[rest.index]!
    const copied = piece.copy(slab, at, rest.offset)
    at += copied
    rest.offset += copied
    if (rest.offset < piece.length) break
    rest.index++
    rest.offset = 0
  }
  return at
}

/** Views of `bytes`, none larger than SLAB_BYTES. */
export function slabsOf(bytes: Buffer): Buffer[] {
  const slabs: Buffer[] = []
  for (let at = 0; at < bytes.length; at += SLAB_BYTES) slabs.push(bytes.subarray(at, at + SLAB_BYTES))
  return slabs
}
