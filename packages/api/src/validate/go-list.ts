// Lists of typed text as Go's %#v prints them, in the messages that people know by this form.

import type { FieldError } from '../field-error.ts'
import { invalidAs } from './fields.ts'
import { type Json, listOf } from './json.ts'

/** `[]core.IPFamily{"IPv4"}`; `type` is the items' type, `string` for plain text. */
export function goList(type: string, list: Json): string {
  if (list === undefined || list === null) return `[]${type}(nil)`
  return `[]${type}{${listOf(list)
    .map((item) => JSON.stringify(item))
    .join(', ')}}`
}

/** An invalid list of plain text. */
export function invalidList(field: string, list: Json, detail: string): FieldError {
  return invalidAs(field, goList('string', list), detail)
}
