// Event of events.k8s.io/v1: the same stored objects as v1 Events, with clearer names.

import { type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { immutable } from '../../validate/immutable.ts'
import { event as coreEvent, EVENT_TTL_SECONDS, referenceFields } from '../core/event.ts'
import { validateLegacyEvent } from '../core/event-validation.ts'
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
  allColumns: (coreEvent.allColumns ?? []).map((column) => ({
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
  validate: validateEvent,
  validateUpdate: validateEventUpdate,
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

const FIXED = ['reason', 'message', 'reportingInstance', 'action', 'eventTime', 'type']

/** This version takes only the new form; errors name the fields as they are stored, as in Kubernetes. */
function validateEvent(object: KubeObject): FieldError[] {
  const stored = toStorage(object)
  const errors = validateLegacyEvent(stored, 'reportingController')
  errors.push(...validateSeries(stored['series']))
  if (!stored['eventTime']) errors.push(required('eventTime'))
  if (stored['type'] !== 'Normal' && stored['type'] !== 'Warning') {
    errors.push(invalid('type', '', `has invalid value: ${stored['type'] ?? ''}`))
  }
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count', 'source']) {
    if (!isUnset(stored[field])) errors.push(invalid(field, '', 'needs to be unset'))
  }
  return errors
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === 0) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function validateSeries(series: { count?: number; lastObservedTime?: string } | undefined): FieldError[] {
  if (!series) return []
  const errors: FieldError[] = []
  if ((series.count ?? 0) < 2) errors.push(invalid('series.count', '', 'should be at least 2'))
  if (!series.lastObservedTime) errors.push(required('series.lastObservedTime'))
  return errors
}

/** Only the series goes on. */
function validateEventUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const [stored, before] = [toStorage(object), toStorage(old)]
  const errors: FieldError[] = []
  for (const field of ['involvedObject', 'related', ...FIXED]) {
    errors.push(...immutable(stored[field], before[field], field))
  }
  errors.push(...immutable(stored['reportingComponent'], before['reportingComponent'], 'reportingController'))
  return errors
}
