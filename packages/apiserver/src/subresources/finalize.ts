// PUT namespaces/NAME/finalize: only spec.finalizers count. Without any left, a terminating namespace is gone.

import { validateNamespaceFinalize } from '@brume/api/kinds/core/namespace'
import { deepClone } from '@brume/base/values'
import { changeObject } from '../handlers/change.ts'
import { respondObject } from '../handlers/respond.ts'
import { readUpdate } from '../handlers/update.ts'
import type { Subresource } from './table.ts'

export const finalize: Subresource = {
  async update(context) {
    const { object, options } = await readUpdate(context)
    const changed = await changeObject(context, {
      options,
      next: () => deepClone(object),
      restrict(next, old) {
        const result = deepClone(old)
        result.metadata.resourceVersion = old.metadata.resourceVersion!
        result['spec'] = { ...result['spec'] }
        const finalizers = next['spec']?.finalizers ?? []
        if (finalizers.length > 0) result['spec'].finalizers = finalizers
        else delete result['spec'].finalizers
        return result
      },
      validate: validateNamespaceFinalize,
    })
    return respondObject(context, 200, changed.object)
  },
}
