// certificatesigningrequests/NAME/approval: only the Approved and Denied conditions change.

import { validateApproval } from '@brume/api/kinds/certificates/request-rules'
import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { deepClone } from '@brume/base/values'
import { changeObject } from '../handlers/change.ts'
import type { RequestContext } from '../handlers/context.ts'
import { handleGet } from '../handlers/get.ts'
import { patchObject } from '../handlers/patch.ts'
import { respondObject } from '../handlers/respond.ts'
import { readUpdate } from '../handlers/update.ts'
import type { Subresource } from './table.ts'

export const approval: Subresource = {
  get: handleGet,
  async update(context) {
    const { object, options } = await readUpdate(context)
    const changed = await changeObject(context, {
      options,
      next: () => deepClone(object),
      ...rules(context),
    })
    return respondObject(context, 200, changed.object)
  },
  async patch(context) {
    const changed = await patchObject(context, rules(context))
    return respondObject(context, 200, changed.object)
  },
}

function rules(context: RequestContext) {
  const now = context.parts.clock.now()
  return {
    restrict(next: KubeObject, old: KubeObject): KubeObject {
      const result: KubeObject = { ...deepClone(old), metadata: next.metadata }
      result['status'] = { ...deepClone(old['status'] ?? {}) }
      const conditions = stamped(next['status']?.conditions ?? [], now)
      if (conditions.length > 0) result['status'].conditions = conditions
      else delete result['status'].conditions
      return result
    },
    validate: validateApproval,
  }
}

interface Condition {
  status?: string
  lastUpdateTime?: string | null
  lastTransitionTime?: string | null
}

function stamped(conditions: readonly Condition[], now: number): Condition[] {
  return conditions.map((condition) => ({
    ...condition,
    status: condition.status || 'True',
    lastUpdateTime: condition.lastUpdateTime ?? formatTime(now),
    lastTransitionTime: condition.lastTransitionTime ?? formatTime(now),
  }))
}
