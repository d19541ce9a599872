// What gnostic's messages for OpenAPI v2 and v3 have in common: free-form values travel as YAML text, of which JSON is a
// part, and maps as lists of names with values.

import { message, messageField, type Pieces, textField } from './proto-fields.ts'
import type { Json } from './schema-json.ts'

export function texts(number: number, list: unknown): (Pieces | undefined)[] {
  return ((list ?? []) as string[]).map((text) => textField(number, text))
}

/** gnostic's Any: YAML text. */
export function any(number: number, value: unknown): Pieces | undefined {
  if (value === undefined) return undefined
  return messageField(number, message(textField(2, `${JSON.stringify(value)}\n`)))
}

/** gnostic's NamedAny, one for each `x-` field. */
export function extensions(number: number, json: Json): (Pieces | undefined)[] {
  const names = Object.keys(json).filter((name) => name.startsWith('x-'))
  return names.map((name) => messageField(number, message(textField(1, name), any(2, json[name]))))
}
