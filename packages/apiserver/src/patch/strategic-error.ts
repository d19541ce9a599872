// What is wrong with a strategic merge patch, in Kubernetes' words.

import { badRequest, StatusError } from '@brume/base/errors'
import { isObject, type JsonObject } from './json-object.ts'

export const badRetainKeys = () => badRequest('invalid patch format of retainKeys')
export const badElementOrder = () => badRequest('invalid patch format of setElementOrder list')
export const badPrimitiveList = () => badRequest('invalid patch format of primitive list')

export function noMergeKey(item: JsonObject, mergeKey: string): StatusError {
  return badRequest(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`)
}

export function unknownDirective(directive: unknown, patch: JsonObject): StatusError {
  return badRequest(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`)
}

export function wrongType(expected: 'list' | 'map', actual: unknown): StatusError {
  const wanted = expected === 'list' ? '[]interface {}' : 'map[string]interface {}'
  return badRequest(`expected a ${wanted}, but received a ${goType(actual)}`)
}

/** 422, of which the client is told no more, as from kube-apiserver. */
export function listOfLists(): StatusError {
  const message = 'the server rejected our request due to an error in our request'
  return new StatusError('Invalid', message, {}, { cause: new Error('lists of lists are not supported') })
}

function goType(value: unknown): string {
  if (value === null || value === undefined) return '%!s(<nil>)'
  if (Array.isArray(value)) return '[]interface {}'
  if (isObject(value)) return 'map[string]interface {}'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  return typeof value === 'bigint' || Number.isInteger(value) ? 'int64' : 'float64'
}

/** As Go prints a decoded JSON value with %v. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isObject(value)) return String(value)
  const members = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goText(value[key])}`)
  return `map[${members.join(' ')}]`
}
