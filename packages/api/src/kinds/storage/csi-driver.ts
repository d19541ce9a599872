// CSIDriver: what the cluster must know of a CSI driver.

import { duplicate, type FieldError, invalid } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { immutable } from '../../validate/immutable.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { boolean, text } from '../cells.ts'
import { age } from '../columns.ts'
import { validateCsiDriverName } from '../core/pod/volume-sources.ts'
import { defineKind } from '../define.ts'

export const csiDriver = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [
    boolean('AttachRequired', (object) => object.spec?.attachRequired ?? true),
    boolean('PodInfoOnMount', (object) => object.spec?.podInfoOnMount ?? false),
    boolean('StorageCapacity', (object) => object.spec?.storageCapacity ?? false),
    text('TokenRequests', tokenRequestsCell),
    boolean('RequiresRepublish', (object) => object.spec?.requiresRepublish ?? false),
    text('Modes', (object) => (object.spec?.volumeLifecycleModes ?? []).join(',') || '<none>'),
    age,
  ],
  setDefaults(object) {
    object.spec = { ...DEFAULTS, ...withoutNulls(object.spec ?? {}) }
    if (listOf(object.spec.volumeLifecycleModes).length === 0)
      object.spec.volumeLifecycleModes = ['Persistent']
  },
  validate: validateCSIDriver,
  // Kubernetes spells the first path like this.
  validateUpdate: ({ spec }, { spec: old }) => [
    ...immutable(spec.attachRequired, old.attachRequired, 'spec.attachedRequired'),
    ...immutable(spec.volumeLifecycleModes, old.volumeLifecycleModes, 'spec.volumeLifecycleModes'),
  ],
})

function tokenRequestsCell(object: KubeObject): string {
  const requests: { audience: string }[] = object.spec?.tokenRequests ?? []
  return requests.length === 0 ? '<unset>' : requests.map(({ audience }) => audience).join(',')
}

const DEFAULTS = {
  attachRequired: true,
  podInfoOnMount: false,
  storageCapacity: false,
  fsGroupPolicy: 'ReadWriteOnceWithFSType',
  requiresRepublish: false,
  seLinuxMount: false,
}
const MIN_TOKEN_SECONDS = 600
const MAX_TOKEN_SECONDS = 2 ** 32

function withoutNulls(spec: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null && value !== undefined))
}

function validateCSIDriver(object: KubeObject): FieldError[] {
  const spec: Json = object.spec
  return [
    ...validateCsiDriverName(object.metadata.name ?? '', 'metadata.name'),
    ...optionalOneOf('spec.fsGroupPolicy', spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType']),
    ...validateTokenRequests(listOf(spec.tokenRequests)),
    ...listOf(spec.volumeLifecycleModes).flatMap((mode: string) =>
      optionalOneOf('spec.volumeLifecycleModes', mode, ['Ephemeral', 'Persistent']),
    ),
  ]
}

function validateTokenRequests(requests: Json[]): FieldError[] {
  const audiences = requests.map(({ audience }) => audience ?? '')
  return requests.flatMap(({ expirationSeconds }, i) => {
    const field = `spec.tokenRequests[${i}]`
    const errors: FieldError[] = []
    if (audiences.indexOf(audiences[i]) < i) errors.push(duplicate(`${field}.audience`, audiences[i]))
    return [...errors, ...validateTokenSeconds(expirationSeconds ?? null, `${field}.expirationSeconds`)]
  })
}

/** Also of TokenRequests. null is fine. */
export function validateTokenSeconds(seconds: number | null, field: string): FieldError[] {
  if (seconds === null) return []
  if (seconds < MIN_TOKEN_SECONDS) {
    return [invalid(field, seconds, 'may not specify a duration less than 10 minutes')]
  }
  if (seconds <= MAX_TOKEN_SECONDS) return []
  return [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')]
}
