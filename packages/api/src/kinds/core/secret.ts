// Secret: confidential keys and values, encrypted at rest.

import type { KubeObject } from '../../object.ts'
import { immutable } from '../../validate/immutable.ts'
import { mapOf } from '../../validate/json.ts'
import { size, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { keepsImmutable } from './config-map.ts'
import { tlsWarnings, validateSecret } from './secret-validation.ts'

export const secret = defineKind({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  sensitive: true,
  columns: [text('Type', (object) => object['type']), text('Data', (object) => size(object['data'])), age],
  selectableFields: { type: (object) => object['type'] ?? '' },
  setDefaults(object) {
    object['type'] ||= 'Opaque'
    foldStringData(object)
  },
  validate: validateSecret,
  validateUpdate: (object, old) => [
    ...immutable(object['type'], old['type'], 'type'),
    ...keepsImmutable(object, old, ['data']),
  ],
  warnings: tlsWarnings,
})

/** `stringData` is for writing only: it goes over `data`. */
function foldStringData(object: KubeObject): void {
  if (object['stringData'] === undefined) return
  const folded = { ...mapOf(object['data']) }
  for (const [key, value] of Object.entries(mapOf(object['stringData']))) {
    folded[key] = Buffer.from(value, 'utf8').toString('base64')
  }
  delete object['stringData']
  if (Object.keys(folded).length > 0) object['data'] = folded
}
