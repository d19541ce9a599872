// Event: what happened to an object, kept for an hour. events.k8s.io/v1 is another view of the same objects.

import type { KubeObject } from '../../object.ts'
import { defineKind } from '../define.ts'
import { eventColumns } from './event-cells.ts'
import { validateStoredEvent } from './event-validation.ts'

export const EVENT_TTL_SECONDS = 3600

export const event = defineKind({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  hasGeneration: false,
  hasStatus: false,
  allowCreateOnUpdate: true,
  ttlSeconds: EVENT_TTL_SECONDS,
  allColumns: eventColumns,
  selectableFields: {
    ...referenceFields('involvedObject'),
    reason: (object) => object['reason'] ?? '',
    reportingComponent: (object) => object['reportingComponent'] ?? '',
    source: (object) => object['source']?.component || object['reportingComponent'] || '',
    type: (object) => object['type'] ?? '',
  },
  validate: validateStoredEvent,
})

/** Field selectors on the fields of an object reference, as `involvedObject.name`. */
export function referenceFields(field: string): Record<string, (object: KubeObject) => string> {
  const names = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
  return Object.fromEntries(
    names.map((name) => [`${field}.${name}`, (object: KubeObject) => object[field]?.[name] ?? '']),
  )
}
