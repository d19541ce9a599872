// Namespace: a room for names. Its deletion is finished by a controller, through the finalize subresource.

import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const namespace = defineKind({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  hasGeneration: false,
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  columns: [text('Status', (object) => object.status?.phase), age],
  selectableFields: { 'status.phase': (object) => object.status?.phase ?? '' },
})
