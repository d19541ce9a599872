// LimitRange: least, most and default amounts for the pods, containers and claims of a namespace.

import { listOf } from '../../validate/json.ts'
import { createdAt } from '../cells.ts'
import { defineKind } from '../define.ts'
import { defaultLimits, validateLimitRange } from './limit-range-items.ts'

export const limitRange = defineKind({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  allowCreateOnUpdate: true,
  columns: [createdAt],
  setDefaults: (object) => listOf(object.spec?.limits).forEach(defaultLimits),
  validate: validateLimitRange,
})
