// For the tests of kinds: takes a manifest through the steps that the server takes it through.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepClone } from '@brume/base/values'
import type { FieldError } from '../field-error.ts'
import type { KubeObject } from '../object.ts'
import { parseApiVersion, type ResourceDefinition } from '../resource.ts'
import { decodeBuiltin } from '../schema/decode.ts'
import type { Json } from '../validate/json.ts'
import { validateObjectMeta } from '../validate/metadata.ts'
import { builtinResources } from './builtin.ts'

export const NOW = Date.parse('2025-01-02T00:00:00Z')
const context = { now: NOW }

/** The definition of the manifest's kind. */
export function kindOf(manifest: Json): ResourceDefinition {
  const { group, version } = parseApiVersion(manifest.apiVersion)
  const found = builtinResources().find(
    (one) => one.group === group && one.version === version && one.kind === manifest.kind,
  )
  assert.ok(found, `${manifest.apiVersion} ${manifest.kind} is a built-in kind`)
  return found
}

/** Decoded, with defaults, prepared for create. */
export function created(manifest: Json): KubeObject {
  const kind = kindOf(manifest)
  const object = decodeBuiltin(deepClone(manifest), kind.schema).value
  if (kind.namespaced) object.metadata.namespace ??= 'default'
  kind.setDefaults?.(object)
  kind.prepareForCreate?.(object)
  return object
}

export function createErrors(manifest: Json): string[] {
  const kind = kindOf(manifest)
  const object = created(manifest)
  return shown([
    ...validateObjectMeta(object, { namespaced: kind.namespaced, validateName: kind.validateName }),
    ...(kind.validate?.(object, context) ?? []),
    ...(kind.validateCreate?.(object, context) ?? []),
  ])
}

/** The object after an update of `before` to `after`. */
export function updated(before: Json, after: Json): KubeObject {
  const object = decodeBuiltin(deepClone(after), kindOf(after).schema).value
  if (kindOf(after).namespaced) object.metadata.namespace ??= 'default'
  kindOf(after).setDefaults?.(object)
  kindOf(after).prepareForUpdate?.(object, created(before))
  return object
}

export function updateErrors(before: Json, after: Json): string[] {
  const kind = kindOf(after)
  const object = updated(before, after)
  return shown([
    ...(kind.validate?.(object, context) ?? []),
    ...(kind.validateUpdate?.(object, created(before), context) ?? []),
  ])
}

export function statusErrors(manifest: Json): string[] {
  const object = { ...created(manifest), status: manifest.status }
  return shown(kindOf(manifest).validateStatusUpdate?.(object, created(manifest), context) ?? [])
}

export function warningsOf(manifest: Json): string[] {
  return kindOf(manifest).warnings?.(created(manifest), undefined) ?? []
}

/** Column name -> cell, of the manifest as it is stored. */
export function cellsOf(manifest: Json): Record<string, unknown> {
  const kind = kindOf(manifest)
  const object = decodeBuiltin(deepClone(manifest), kind.schema).value
  kind.setDefaults?.(object)
  return Object.fromEntries(kind.columns.map((column) => [column.name, column.cell(object, NOW)]))
}

/** `manifest` with values put at paths such as `spec.ports[0].port`; undefined removes. */
export function withPaths(manifest: Json, changes: Record<string, Json>): Json {
  const copy = deepClone(manifest)
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(/\.|\[|\]\.?/).filter((key) => key !== '')
    const last = keys.pop()!
    let at = copy
    for (const [i, key] of keys.entries()) {
      at[key] ??= /^\d+$/.test(keys[i + 1] ?? last) ? [] : {}
      at = at[key]
    }
    if (value === undefined) delete at[last]
    else at[last] = value
  }
  return copy
}

export type Case = [title: string, changes: Record<string, Json>, errors: string[]]

/** One test a case: the changed manifest is refused with exactly these errors. The manifest itself is fine. */
export function refuses(manifest: Json, cases: Case[]): void {
  test(`${manifest.kind}: accepts a good one`, () => assert.deepEqual(createErrors(manifest), []))
  for (const [title, changes, errors] of cases) {
    test(`${manifest.kind}: ${title}`, () => {
      assert.deepEqual(createErrors(withPaths(manifest, changes)), errors)
    })
  }
}

/** As `refuses`, for updates of the manifest. */
export function refusesUpdates(manifest: Json, cases: Case[]): void {
  test(`${manifest.kind}: accepts an update without changes`, () => {
    assert.deepEqual(updateErrors(manifest, manifest), [])
  })
  for (const [title, changes, errors] of cases) {
    test(`${manifest.kind} update: ${title}`, () => {
      assert.deepEqual(updateErrors(manifest, withPaths(manifest, changes)), errors)
    })
  }
}

function shown(errors: FieldError[]): string[] {
  return errors.map((error) => `${error.field}: ${error.message}`)
}
