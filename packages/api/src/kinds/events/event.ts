// Event of events.k8s.io/v1: the same stored objects as v1 Events, with clearer names.

import type { KubeObject } from '../../object.ts'
import { event as coreEvent, EVENT_TTL_SECONDS, referenceFields } from '../core/event.ts'
import { defineKind } from '../define.ts'

/** Field of events.k8s.io/v1 -> field of v1. Fields of the same name in both are left out. */
const RENAMED: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
]

export const event = defineKind({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  hasGeneration: false,
  hasStatus: false,
  allowCreateOnUpdate: true,
  ttlSeconds: EVENT_TTL_SECONDS,
  columns: (coreEvent.columns ?? []).map((column) => ({
    ...column,
    cell: (object: KubeObject, now: number) => column.cell(toStorage(object), now),
  })),
  selectableFields: {
    ...referenceFields('regarding'),
    reason: (object) => object['reason'] ?? '',
    reportingController: (object) => object['reportingController'] ?? '',
    type: (object) => object['type'] ?? '',
  },
  conversion: { storageGroup: '', storageVersion: 'v1', fromStorage, toStorage },
})

function fromStorage(object: KubeObject): KubeObject {
  return renamed(
    object,
    'events.k8s.io/v1',
    RENAMED.map(([own, stored]) => [stored, own]),
  )
}

function toStorage(object: KubeObject): KubeObject {
  return renamed(object, 'v1', RENAMED)
}

function renamed(
  object: KubeObject,
  apiVersion: string,
  names: readonly (readonly [string, string])[],
): KubeObject {
  const newNames = new Map(names)
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) result[newNames.get(key) ?? key] = value
  return { ...result, apiVersion, kind: 'Event', metadata: object.metadata }
}
