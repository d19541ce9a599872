// What gnostic's messages for OpenAPI v2 and v3 have in common: free-form values travel as YAML text, of which JSON is a
// part, and maps as lists of names with values.

import {
  doubleField,
  flagField,
  intField,
  message,
  messageField,
  type Pieces,
  textField,
} from './proto-fields.ts'
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

/** What a schema says of its values, in the order of both versions: from `multipleOf`, the field `first`, to `enum`. */
export function bounds(first: number, json: Json): (Pieces | undefined)[] {
  return [
    doubleField(first, json['multipleOf']),
    doubleField(first + 1, json['maximum']),
    flagField(first + 2, json['exclusiveMaximum']),
    doubleField(first + 3, json['minimum']),
    flagField(first + 4, json['exclusiveMinimum']),
    intField(first + 5, json['maxLength']),
    intField(first + 6, json['minLength']),
    textField(first + 7, json['pattern']),
    intField(first + 8, json['maxItems']),
    intField(first + 9, json['minItems']),
    flagField(first + 10, json['uniqueItems']),
    intField(first + 11, json['maxProperties']),
    intField(first + 12, json['minProperties']),
    ...texts(first + 13, json['required']),
    ...((json['enum'] ?? []) as unknown[]).map((one) => any(first + 14, one)),
  ]
}

export function externalDocs(json: Json): Pieces {
  return message(textField(1, json['description']), textField(2, json['url']))
}
