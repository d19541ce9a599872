// The path element of an item of a set or of a list with keys.

import { isObject, own } from '../patch/json-object.ts'
import type { MergeType } from './merge-type.ts'
import { scalarJson, valueElement } from './path-element.ts'

/** undefined for an item that cannot be one of such a list: no object, without any key, not a scalar. */
export function listElement(type: MergeType, item: unknown): string | undefined {
  if (type.kind === 'set') return typeof item === 'object' ? undefined : valueElement(item)
  if (!isObject(item)) return undefined
  let text = ''
  for (const { name, fallback } of type.keys) {
    const value = own(item, name) ?? fallback
    if (value === undefined) continue
    text += `${text === '' ? 'k:{' : ','}"${name}":${scalarJson(value)}`
  }
  return text === '' ? undefined : `${text}}`
}
