// POST of a kind that is a question: decoded like any object, answered at once, stored nowhere.

import type { ApiResponse } from '../http/types.ts'
import type { RequestContext, ReviewAnswer } from './context.ts'
import { readCreate } from './create.ts'
import { respondObject } from './respond.ts'

export function reviewHandler(answer: ReviewAnswer): (context: RequestContext) => Promise<ApiResponse> {
  return async (context) => {
    const { definition, info, user } = context
    const { object } = await readCreate(context)
    definition.setDefaults?.(object)
    const answered = answer({ object, user, namespace: info.namespace, name: '' })
    return respondObject(context, 201, answered)
  }
}
