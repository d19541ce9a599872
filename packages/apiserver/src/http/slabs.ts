// Writing many small buffers as few large ones, as fast as the client takes them and no faster, and leaving the event
// loop to others between them.

import type { Sink } from './types.ts'

export const SLAB_BYTES = 256 * 1024

/** Joins `pieces` into slabs of about SLAB_BYTES and ends the sink after the last. */
export function writeSlabs(sink: Sink, pieces: readonly Buffer[]): void {
  let from = 0
  const next = () => {
    if (sink.closed) return
    let to = from
    let bytes = 0
    while (to < pieces.length && (bytes < SLAB_BYTES || to === from)) bytes += pieces[to++]!.length
    const room = sink.write(Buffer.concat(pieces.slice(from, to), bytes))
    from = to
    if (from >= pieces.length) sink.end()
    else if (room) setImmediate(next)
    else sink.onDrain(next)
  }
  if (pieces.length === 0) sink.end()
  else next()
}

/** Views of `bytes`, none larger than SLAB_BYTES. */
export function slabsOf(bytes: Buffer): Buffer[] {
  const slabs: Buffer[] = []
  for (let at = 0; at < bytes.length; at += SLAB_BYTES) slabs.push(bytes.subarray(at, at + SLAB_BYTES))
  return slabs
}
