// 401, the same words whatever was wrong: a caller without rights learns nothing. The reason goes to the cause.

import { NODE_REMOVED } from '@brume/api/node-membership'
import { StatusError } from '@brume/base/errors'

export function unauthorized(why: string): StatusError {
  return new StatusError('Unauthorized', 'Unauthorized', undefined, { cause: new Error(why) })
}

/** It has shown who it is: it may know that it has to join again. */
export function removedNode(name: string): StatusError {
  const message = `node ${name} was removed from this cloud`
  return new StatusError('Unauthorized', message, { causes: [{ reason: NODE_REMOVED, message }] })
}
