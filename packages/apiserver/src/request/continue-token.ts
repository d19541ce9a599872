// The opaque token of a continued list: the revision of the first page and where to go on.

import { badRequest, StatusError } from '@brume/base/errors'

export interface ContinueToken {
  /** -1: from the newest state (an inconsistent continuation that the client chose after a 410). */
  revision: number
  /** The last key of the page before, without its bucket. */
  startAfter: string
}

export function encodeContinue(token: ContinueToken): string {
  const json = JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.startAfter })
  return Buffer.from(json).toString('base64url')
}

/** Throws 400 for a token that this server did not make. */
export function decodeContinue(text: string): ContinueToken {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString())
    const valid =
      value?.v === 'meta.k8s.io/v1' && Number.isSafeInteger(value.rv) && typeof value.start === 'string'
    if (valid) return { revision: value.rv, startAfter: value.start }
  } catch {
    // Not JSON: the same answer as for a wrong shape.
  }
  throw badRequest('continue key is not valid: the token does not come from this server')
}

/** 410 with a token that goes on from the newest state, as Kubernetes offers. */
export function continueExpired(token: ContinueToken): StatusError & { continueToken: string } {
  const error = new StatusError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. Start a new list without it, or use the continue token of this response for the rest of the keys as they are now, which may miss or repeat objects that changed meanwhile.',
  )
  const fresh = encodeContinue({ revision: -1, startAfter: token.startAfter })
  return Object.assign(error, { continueToken: fresh })
}
