// JSON patch (RFC 6902). Operations are applied to a copy that shares with the inputs what no operation touches.

import { badRequest, StatusError } from '@brume/base/errors'
import { MAX_JSON_DEPTH } from '@brume/base/json'
import { deepEqual } from '@brume/base/values'
import { isObject, type JsonObject, jsonTypeName, own, setOwn } from './json-object.ts'
import { arrayIndex, parsePointer } from './json-pointer.ts'

/** As kube-apiserver. */
export const MAX_JSON_PATCH_OPERATIONS = 10_000

/** Bytes of JSON, about, that `copy` operations of one patch may add; the most a request body may hold. */
export const MAX_COPIED_BYTES = 3 * 1024 * 1024

/** Values that the operations of one patch may look at when they measure what they place. */
export const MAX_MEASURED_VALUES = 5_000_000

interface Run {
  root: unknown
  /** Containers made by this run: they may be changed in place. */
  owned: Set<object>
  copiedBytes: number
  measuredValues: number
}

/**
 * The document after the operations. Throws BadRequest when the patch is no list of operations, RequestEntityTooLarge
 * past MAX_JSON_PATCH_OPERATIONS, and Invalid when an operation is malformed or does not apply.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest(cannotUnmarshal(patch, 'jsonpatch.Patch'))
  for (const operation of patch) {
    if (!isObject(operation)) throw badRequest(cannotUnmarshal(operation, 'jsonpatch.Operation'))
  }
  if (patch.length > MAX_JSON_PATCH_OPERATIONS) {
    throw new StatusError(
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_JSON_PATCH_OPERATIONS}, got ${patch.length}`,
    )
  }
  const run: Run = { root: document, owned: new Set(), copiedBytes: 0, measuredValues: 0 }
  for (const operation of patch as JsonObject[]) applyOperation(run, operation)
  return run.root
}

function cannotUnmarshal(value: unknown, into: string): string {
  return `json: cannot unmarshal ${jsonTypeName(value)} into Go value of type ${into}`
}

function applyOperation(run: Run, operation: JsonObject): void {
  const path = pointerOf(operation, 'path')
  switch (own(operation, 'op')) {
    case 'add':
      add(run, path, requiredValue(operation))
      return
    case 'remove':
      remove(run, path)
      return
    case 'replace':
      get(run.root, path)
      put(run, path, requiredValue(operation))
      return
    case 'test':
      test(run, path, own(operation, 'value') ?? null)
      return
    case 'move':
      move(run, pointerOf(operation, 'from'), path)
      return
    case 'copy':
      copy(run, pointerOf(operation, 'from'), path)
      return
    default:
      throw refused(`unknown operation: ${String(own(operation, 'op'))}`)
  }
}

function pointerOf(operation: JsonObject, field: 'path' | 'from'): string[] {
  const text = own(operation, field)
  const pointer = typeof text === 'string' ? parsePointer(text) : undefined
  if (pointer === undefined) throw refused(`operation without a JSON pointer in "${field}"`)
  return pointer
}

function requiredValue(operation: JsonObject): unknown {
  const value = own(operation, 'value')
  if (value === undefined) throw refused('operation without a value')
  return value
}

function get(root: unknown, path: string[]): unknown {
  let value = root
  for (const token of path) value = member(value, token)
  return value
}

function member(container: unknown, token: string): unknown {
  if (Array.isArray(container)) {
    const index = arrayIndex(token, container.length - 1)
    if (index >= 0) return container[index]
  } else if (isObject(container) && Object.hasOwn(container, token)) {
    return container[token]
  }
  throw refused(`no such path: ${token}`)
}

function add(run: Run, path: string[], value: unknown): void {
  checkDepth(run, path, value)
  const last = path.at(-1)
  if (last === undefined) {
    run.root = value
    return
  }
  const parent = writable(run, path)
  if (!Array.isArray(parent)) {
    setOwn(parent, last, value)
    return
  }
  const index = last === '-' ? parent.length : arrayIndex(last, parent.length)
  if (index < 0) throw refused(`no such index: ${last}`)
  parent.splice(index, 0, value)
}

/** Replaces what exists. */
function put(run: Run, path: string[], value: unknown): void {
  checkDepth(run, path, value)
  const last = path.at(-1)
  if (last === undefined) {
    run.root = value
    return
  }
  const parent = writable(run, path)
  if (Array.isArray(parent)) parent[arrayIndex(last, parent.length - 1)] = value
  else setOwn(parent, last, value)
}

function remove(run: Run, path: string[]): unknown {
  const removed = get(run.root, path)
  const last = path.at(-1)
  if (last === undefined) throw refused('the document itself cannot be removed')
  const parent = writable(run, path)
  if (Array.isArray(parent)) parent.splice(arrayIndex(last, parent.length - 1), 1)
  else delete parent[last]
  return removed
}

/** A missing member equals null, as in Kubernetes; what it would be a member of must exist. */
function test(run: Run, path: string[], expected: unknown): void {
  const parent = get(run.root, path.slice(0, -1))
  const last = path.at(-1)
  const missing = last !== undefined && isObject(parent) && !Object.hasOwn(parent, last)
  const actual = missing ? null : get(run.root, path)
  if (!deepEqual(actual, expected)) throw refused(`testing value at /${path.join('/')} failed`)
}

function move(run: Run, from: string[], path: string[]): void {
  if (path.length > from.length && from.every((token, i) => token === path[i])) {
    throw refused('a value cannot be moved into itself')
  }
  if (from.length === 0) return
  add(run, path, remove(run, from))
}

function copy(run: Run, from: string[], path: string[]): void {
  const value = get(run.root, from)
  run.copiedBytes += sizeOf(value, MAX_COPIED_BYTES - run.copiedBytes)
  if (run.copiedBytes > MAX_COPIED_BYTES) throw refused('accumulated size of copies exceeds the limit')
  // The source may be changed in place by a later operation while its copy must stay: both are shared from here on.
  disown(run, value)
  add(run, path, value)
}

/** The container that holds the last token of `path`, copied on the way down where this run did not make it. */
function writable(run: Run, path: string[]): JsonObject | unknown[] {
  run.root = ownedCopy(run, run.root)
  let container = run.root as JsonObject | unknown[]
  for (let i = 0; i < path.length - 1; i++) {
    const token = path[i]!
    const child = ownedCopy(run, member(container, token))
    if (Array.isArray(container)) container[arrayIndex(token, container.length - 1)] = child
    else setOwn(container, token, child)
    container = child
  }
  return container
}

function ownedCopy(run: Run, value: unknown): JsonObject | unknown[] {
  if (typeof value !== 'object' || value === null) throw refused('no such path: not a container')
  if (run.owned.has(value)) return value as JsonObject
  const copied = Array.isArray(value) ? value.slice() : { ...value }
  run.owned.add(copied)
  return copied
}

function disown(run: Run, value: unknown): void {
  if (typeof value !== 'object' || value === null || !run.owned.delete(value)) return
  for (const child of Object.values(value)) disown(run, child)
}

/** About the bytes of the value's JSON; stops counting past `limit`. */
function sizeOf(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 4
  let size = 2
  const isArray = Array.isArray(value)
  for (const key in value) {
    if (size > limit) return size
    size += (isArray ? 1 : key.length + 4) + sizeOf((value as JsonObject)[key], limit - size)
  }
  return size
}

function checkDepth(run: Run, path: string[], value: unknown): void {
  if (path.length + depthOf(run, value) > MAX_JSON_DEPTH) throw refused('document nested too deeply')
}

function depthOf(run: Run, value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let deepest = 0
  for (const key in value) {
    if (++run.measuredValues > MAX_MEASURED_VALUES) throw refused('operations on too many values')
    const child = (value as JsonObject)[key]
    if (typeof child === 'object') deepest = Math.max(deepest, depthOf(run, child))
  }
  return deepest + 1
}

/** 422 as kube-apiserver words it: the cause is not told to the client. */
function refused(why: string): StatusError {
  const message = 'the server rejected our request due to an error in our request'
  return new StatusError('Invalid', message, {}, { cause: new Error(`JSON patch: ${why}`) })
}
