// The files of a ConfigMap or a Secret: each of its keys, or those that `items` names.

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf, mapOf } from '@brume/api/validate/json'
import type { Payload } from './payload.ts'

export interface KeyedOptions {
  kind: 'ConfigMap' | 'Secret'
  /** undefined: there is none, and it is optional. */
  object: KubeObject | undefined
  items: Json
  defaultMode: number
  optional: boolean
}

/** A key that `items` names is not there. */
export class MissingKeyError extends Error {
  override name = 'MissingKeyError'
}

export function keyedPayload({ kind, object, items, defaultMode, optional }: KeyedOptions): Payload {
  const contents = contentsOf(kind, object)
  const chosen = listOf(items)
  if (chosen.length === 0) {
    return new Map([...contents].map(([key, data]) => [key, { data, mode: defaultMode }]))
  }
  const payload: Payload = new Map()
  for (const { key, path, mode } of chosen) {
    const data = contents.get(key)
    if (data !== undefined) payload.set(path, { data, mode: mode ?? defaultMode })
    else if (!optional) {
      const what = kind === 'Secret' ? 'secret key' : 'config key'
      throw new MissingKeyError(`${kind.toLowerCase()} references non-existent ${what}: ${key}`)
    }
  }
  return payload
}

function contentsOf(kind: KeyedOptions['kind'], object: KubeObject | undefined): Map<string, Buffer> {
  const contents = new Map<string, Buffer>()
  const plain = kind === 'ConfigMap' ? mapOf(object?.['data']) : {}
  const encoded = kind === 'ConfigMap' ? mapOf(object?.['binaryData']) : mapOf(object?.['data'])
  for (const [key, text] of Object.entries(plain)) contents.set(key, Buffer.from(text))
  for (const [key, text] of Object.entries(encoded)) contents.set(key, Buffer.from(text ?? '', 'base64'))
  return contents
}
