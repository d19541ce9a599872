// ServiceAccount: the identity of a workload.

import type { KubeObject } from '../../object.ts'
import { listOf } from '../../validate/json.ts'
import { size, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const serviceAccount = defineKind({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  subresources: [
    {
      name: 'token',
      kind: 'TokenRequest',
      group: 'authentication.k8s.io',
      version: 'v1',
      verbs: ['create'],
    },
  ],
  columns: [text('Secrets', (object) => size(object['secrets'])), age],
  prepareForCreate: keepOnlyNames,
  prepareForUpdate: keepOnlyNames,
  warnings: (object) => (object.metadata.annotations?.[MOUNTABLE] === undefined ? [] : [MOUNTABLE_WARNING]),
})

const MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets'
const MOUNTABLE_WARNING = `metadata.annotations[${MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`

/** A reference to a secret is its name, whatever else the client wrote. */
function keepOnlyNames(object: KubeObject): void {
  if (!object['secrets']) return
  object['secrets'] = listOf(object['secrets']).map(({ name }) => (name ? { name } : {}))
}
