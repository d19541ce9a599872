// ConfigMap: configuration as keys and values.

import { size, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const configMap = defineKind({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  columns: [text('Data', (object) => size(object['data']) + size(object['binaryData'])), age],
})
