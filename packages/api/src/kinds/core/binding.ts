// Binding: puts a pod on a node. Answered, not stored.

import { notSupported, required } from '../../field-error.ts'
import { defineKind } from '../define.ts'

export const binding = defineKind({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  verbs: ['create'],
  stored: false,
  hasStatus: false,
  hasGeneration: false,
  validate(object) {
    const target = object['target'] ?? {}
    const errors = []
    if (target.kind && target.kind !== 'Node')
      errors.push(notSupported('target.kind', target.kind, ['Node', '<empty>']))
    if (!target.name) errors.push(required('target.name'))
    return errors
  },
})
