// Completeness of a structural schema: whatever a junctor restricts is described outside of it.

import { type FieldError, required } from '../field-error.ts'
import { isJsonSchema, type JsonSchema } from './json-schema.ts'

interface Pair {
  /** The schema that describes the value; undefined: nothing does. */
  described: JsonSchema | undefined
  /** The schema inside the junctor. */
  restricted: JsonSchema
  describedAt: string
  restrictedAt: string
}

export function completenessErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors = junctors(schema, path).flatMap(([restricted, restrictedAt]) =>
    pairErrors({ described: schema, restricted, describedAt: path, restrictedAt }),
  )
  if (isJsonSchema(schema.items)) errors.push(...completenessErrors(schema.items, `${path}.items`))
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    errors.push(...completenessErrors(child, `${path}.properties[${name}]`))
  }
  if (isJsonSchema(schema.additionalProperties)) {
    errors.push(...completenessErrors(schema.additionalProperties, `${path}.additionalProperties`))
  }
  return errors
}

function pairErrors(pair: Pair): FieldError[] {
  const { described, restricted, describedAt, restrictedAt } = pair
  if (described === undefined) return [required(describedAt, `because it is defined in ${restrictedAt}`)]
  const errors = junctors(restricted, restrictedAt).flatMap(([inner, at]) =>
    pairErrors({ ...pair, restricted: inner, restrictedAt: at }),
  )
  if (isJsonSchema(restricted.items)) {
    errors.push(
      ...pairErrors({
        described: isJsonSchema(described.items) ? described.items : undefined,
        restricted: restricted.items,
        describedAt: `${describedAt}.items`,
        restrictedAt: `${restrictedAt}.items`,
      }),
    )
  }
  for (const [name, child] of Object.entries(restricted.properties ?? {})) {
    errors.push(
      ...pairErrors({
        described: described.properties?.[name],
        restricted: child,
        describedAt: `${describedAt}.properties[${name}]`,
        restrictedAt: `${restrictedAt}.properties[${name}]`,
      }),
    )
  }
  return errors
}

function junctors(schema: JsonSchema, path: string): [JsonSchema, string][] {
  const found: [JsonSchema, string][] = []
  if (isJsonSchema(schema.not)) found.push([schema.not, `${path}.not`])
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, child] of (schema[name] ?? []).entries()) found.push([child, `${path}.${name}[${i}]`])
  }
  return found
}
