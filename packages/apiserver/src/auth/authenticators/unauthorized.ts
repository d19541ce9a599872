// 401, the same words whatever was wrong: a caller without rights learns nothing. The reason goes to the cause.

import { StatusError } from '@brume/base/errors'

export function unauthorized(why: string): StatusError {
  return new StatusError('Unauthorized', 'Unauthorized', undefined, { cause: new Error(why) })
}
