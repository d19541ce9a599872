// LimitRange: least, most and default amounts for the pods, containers and claims of a namespace.

import { createdAt } from '../cells.ts'
import { defineKind } from '../define.ts'

export const limitRange = defineKind({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  allowCreateOnUpdate: true,
  columns: [createdAt],
})
