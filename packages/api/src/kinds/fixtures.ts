// Small objects for the tests of kinds: valid as they are, so that a test changes the one thing it is about.

import { deepClone } from '@brume/base/values'
import type { FieldError } from '../field-error.ts'
import type { KubeObject } from '../object.ts'
import type { Json } from '../validate/json.ts'
import type { KindSource } from './define.ts'

export const NOW = Date.parse('2026-01-02T00:00:00Z')

/** `field: message` of every error. */
export function lines(errors: FieldError[] | undefined): string[] {
  return (errors ?? []).map((error) => `${error.field}: ${error.message}`)
}

export function podObject(spec: Json = {}, metadata: Json = {}): KubeObject {
  return deepClone({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: 'default',
      uid: 'u',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  })
}

/** A workload whose selector finds its template's pods. */
export function workloadObject(
  apiVersion: string,
  kind: string,
  spec: Json = {},
  podSpec: Json = {},
): KubeObject {
  return deepClone({
    apiVersion,
    kind,
    metadata: { name: 'w', namespace: 'default', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      selector: { matchLabels: { app: 'a' } },
      template: {
        metadata: { labels: { app: 'a' } },
        spec: { containers: [{ name: 'c', image: 'nginx' }], ...podSpec },
      },
      ...spec,
    },
  })
}

/** With the kind's defaults. */
export function defaulted(kind: KindSource, object: KubeObject): KubeObject {
  kind.setDefaults?.(object)
  return object
}

/** Errors of creating the object, its defaults set first. */
export function createErrors(kind: KindSource, object: KubeObject): string[] {
  defaulted(kind, object)
  const context = { now: NOW }
  return lines([
    ...(kind.validate?.(object, context) ?? []),
    ...(kind.validateCreate?.(object, context) ?? []),
  ])
}

/** Errors of replacing `old` by what `change` makes of it. */
export function updateErrors(
  kind: KindSource,
  old: KubeObject,
  change: (object: KubeObject) => void,
): string[] {
  defaulted(kind, old)
  const object = deepClone(old)
  change(object)
  defaulted(kind, object)
  const context = { now: NOW }
  return lines([
    ...(kind.validate?.(object, context) ?? []),
    ...(kind.validateUpdate?.(object, old, context) ?? []),
  ])
}

/** The cells of a row after Name. */
export function row(kind: KindSource, object: KubeObject): unknown[] {
  return (kind.columns ?? []).map((column) => column.cell(object, NOW))
}

export function columnNames(kind: KindSource): string[] {
  return (kind.columns ?? []).map((column) => (column.priority ? `${column.name}*` : column.name))
}
