// PUT and PATCH of a subresource that shows the whole parent but may change only a part of its spec.

import type { FieldError } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import { deepClone } from '@brume/base/values'
import { changeObject } from '../handlers/change.ts'
import { patchObject } from '../handlers/patch.ts'
import { respondObject } from '../handlers/respond.ts'
import { readUpdate } from '../handlers/update.ts'
import type { Subresource } from './table.ts'

/**
 * `take` moves the changeable part of `next` into a copy of the parent; `errorsOf` are the rules of that part, given
 * the new and the old parent.
 */
export function narrowedUpdate(
  take: (next: KubeObject, parent: KubeObject) => void,
  errorsOf: (object: KubeObject, old: KubeObject) => FieldError[],
): Subresource {
  const rules = {
    restrict(next: KubeObject, old: KubeObject): KubeObject {
      const parent = deepClone(old)
      take(next, parent)
      const { managedFields } = next.metadata
      if (managedFields !== undefined) parent.metadata.managedFields = managedFields
      return parent
    },
    validate: errorsOf,
  }
  return {
    async update(context) {
      const { object, options } = await readUpdate(context)
      const changed = await changeObject(context, { options, next: () => deepClone(object), ...rules })
      return respondObject(context, 200, changed.object)
    },
    async patch(context) {
      return respondObject(context, 200, (await patchObject(context, rules)).object)
    },
  }
}
