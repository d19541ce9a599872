// A request body in pieces: for what may be larger than memory. As strict as readBody about what was cut off.

import { StatusError } from '@brume/base/errors'
import { type BodySource, truncated } from './body.ts'

/** Throws StatusError: BadRequest when the body ends early, Timeout when nothing comes for `idleMs`. */
export async function* streamBody(
  source: BodySource,
  { idleMs }: { idleMs: number },
): AsyncGenerator<Buffer, void, undefined> {
  const { stream, contentLength } = source
  if (source.aborted() || stream.destroyed) throw truncated()
  let bytes = 0
  let idle: NodeJS.Timeout | undefined
  // What is left of a body that was refused is the connection's business.
  const chunks = stream.iterator({ destroyOnReturn: false })
  try {
    for (;;) {
      const next = await Promise.race([
        chunks.next(),
        new Promise<never>((_, reject) => {
          idle = setTimeout(() => reject(tooSlow()), idleMs)
        }),
      ]).catch((error) => {
        throw error instanceof StatusError ? error : truncated()
      })
      clearTimeout(idle)
      if (next.done === true) break
      bytes += (next.value as Buffer).length
      yield next.value as Buffer
    }
  } finally {
    clearTimeout(idle)
    stream.on('error', () => {})
  }
  if (source.aborted() || (contentLength !== undefined && bytes !== contentLength)) throw truncated()
}

function tooSlow(): StatusError {
  return new StatusError('Timeout', 'the request body did not arrive in time')
}
