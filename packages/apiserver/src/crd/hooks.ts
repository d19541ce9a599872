// Where the parts that come beside structural schemas join in: rules in CEL, and conversion by webhooks.

import type { FieldError } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import type { ObjectSchema } from '@brume/api/schema/schema'

export interface CrdHooks {
  /**
   * Errors of the x-kubernetes-validations rules in `schema`. Called only for objects that are valid otherwise, as far
   * as the rules rely on it. `old` is the stored object on an update.
   */
  evaluateRules?(input: {
    schema: ObjectSchema
    object: KubeObject
    old: KubeObject | undefined
  }): FieldError[]
  /** A new object in another version, for CRDs whose author converts himself. Default: only apiVersion changes. */
  convert?(object: KubeObject, apiVersion: string): KubeObject
}
