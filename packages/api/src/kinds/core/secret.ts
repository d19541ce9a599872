// Secret: confidential keys and values, encrypted at rest.

import { size, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const secret = defineKind({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  sensitive: true,
  columns: [text('Type', (object) => object['type']), text('Data', (object) => size(object['data'])), age],
  selectableFields: { type: (object) => object['type'] ?? '' },
})
