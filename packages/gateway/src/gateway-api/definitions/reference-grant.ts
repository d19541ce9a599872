// ReferenceGrant: who may refer to objects of its namespace from another one.

import type { Definition } from './definition.ts'
import { group, kindName, name, namespace } from './parts.ts'
import { kind, list, object, says } from './schema.ts'

export const REFERENCE_GRANT: Definition = {
  names: {
    plural: 'referencegrants',
    singular: 'referencegrant',
    kind: 'ReferenceGrant',
    shortNames: ['refgrant'],
  },
  scope: 'Namespaced',
  versions: ['v1', 'v1beta1'],
  storage: 'v1beta1',
  columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  schema: kind(
    'Allows objects of other namespaces to refer to objects of this one.',
    object({
      'from!': says(
        'Who may refer.',
        list(object({ 'group!': group, 'kind!': kindName, 'namespace!': namespace }), 16, { minItems: 1 }),
      ),
      'to!': says(
        'To what; to every object of the kind without a name.',
        list(object({ 'group!': group, 'kind!': kindName, name }), 16, { minItems: 1 }),
      ),
    }),
  ),
}
