// Writes and applies to widgets, for tests.

import assert from 'node:assert/strict'
import type { KubeObject } from '@brume/api/object'
import { StatusError } from '@brume/base/errors'
import { deepFreeze } from '@brume/base/values'
import { type Applied, type ApplyOptions, applyServerSide } from '../apply.ts'
import { updateManagedFields } from '../managed-fields.ts'
import { WIDGET } from './schemas.ts'

export const NOON = Date.UTC(2026, 0, 1, 12)
export const LATER = NOON + 60_000
export const DEFAULTS = {
  schema: WIDGET,
  apiVersion: 'x.dev/v1',
  manager: 'applier',
  force: false,
  now: NOON,
}

type Options = Partial<ApplyOptions> & { config: KubeObject }

export function apply(options: Options): Applied {
  return applyServerSide({ ...DEFAULTS, live: undefined, ...options })
}

/** The object after an apply, frozen as the store keeps it. */
export function applied(options: Options): KubeObject {
  return deepFreeze(apply(options).object)
}

/** The object after a write that is no apply. */
export function updated(live: KubeObject | undefined, next: KubeObject, manager: string): KubeObject {
  const managedFields = updateManagedFields({ ...DEFAULTS, live, updated: next, manager })
  return deepFreeze({ ...next, metadata: { ...next.metadata, managedFields } })
}

/** `manager operation` -> fieldsV1 as JSON. */
export function owned({ metadata }: KubeObject): Record<string, string> {
  const entries = metadata.managedFields ?? []
  return Object.fromEntries(entries.map((e) => [`${e.manager} ${e.operation}`, JSON.stringify(e.fieldsV1)]))
}

/** The error of an apply that must fail. */
export function failure(options: Options): StatusError {
  try {
    apply(options)
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error))
    return error
  }
  throw new Error('the apply went through')
}
