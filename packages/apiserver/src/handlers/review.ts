// POST of a kind that is a question: decoded like any object, answered at once, stored nowhere.

import type { ApiResponse } from '../http/types.ts'
import { decodeObject, parseBody } from '../request/decode.ts'
import { parseWriteOptions } from '../request/options.ts'
import type { RequestContext, ReviewAnswer } from './context.ts'
import { respondObject } from './respond.ts'

export function reviewHandler(answer: ReviewAnswer): (context: RequestContext) => Promise<ApiResponse> {
  return async (context) => {
    const { request, definition, info, user } = context
    const options = parseWriteOptions(request.query, {
      optionsKind: 'CreateOptions',
      userAgent: request.headers['user-agent'],
    })
    const raw = parseBody(await request.readBody(), request.headers['content-type'], definition)
    const object = decodeObject(raw, definition, {
      fieldValidation: options.fieldValidation,
      warn: (text) => context.warnings.push(text),
    })
    definition.setDefaults?.(object)
    const answered = answer({ object, user, namespace: info.namespace, name: '' })
    return respondObject(context, 201, answered)
  }
}
