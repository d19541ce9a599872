// OpenAPI 3.0 in the protobuf of gnostic's openapi.v3 models. Field numbers are those of OpenAPIv3.proto. Where it has a
// choice ("SchemaOrReference"), the first field is the thing itself and the second a reference to it.

import { any, bounds, extensions, externalDocs, texts } from './gnostic-values.ts'
import {
  bytesOf,
  flagField,
  message,
  messageField,
  type Pieces,
  presentDoubleField,
  presentFlagField,
  presentTextField,
  textField,
} from './proto-fields.ts'
import type { Json } from './schema-json.ts'

type Encode = (json: Json) => Pieces

export function encodeDocument(json: Json): Buffer {
  const info = json['info'] as Json
  const document = message(
    textField(1, json['openapi']),
    messageField(2, message(textField(1, info['title']), textField(6, info['version']))),
    messageField(4, named(1, json['paths'], pathItem)),
    messageField(5, components(json['components'] as Json)),
  )
  return bytesOf(document)
}

/** A message whose field `number` repeats a name and a value. */
function named(number: number, map: unknown, encode: Encode): Pieces {
  const entries = Object.entries((map ?? {}) as Record<string, Json>)
  return message(
    ...entries.map(([name, json]) =>
      messageField(number, message(textField(1, name), messageField(2, encode(json)))),
    ),
  )
}

function components(json: Json): Pieces {
  return message(
    messageField(1, named(1, json['schemas'], schemaOrReference)),
    messageField(
      7,
      named(1, json['securitySchemes'], (scheme) => itself(securityScheme(scheme))),
    ),
  )
}

function securityScheme(json: Json): Pieces {
  return message(
    textField(1, json['type']),
    textField(2, json['description']),
    textField(3, json['name']),
    textField(4, json['in']),
  )
}

const METHODS: Readonly<Record<string, number>> = { get: 4, put: 5, post: 6, delete: 7, patch: 10 }

function pathItem(json: Json): Pieces {
  const operations = Object.entries(METHODS).map(([method, number]) =>
    optional(number, json[method], operation),
  )
  return message(...operations, ...each(13, json['parameters'], (one) => itself(parameter(one))))
}

function operation(json: Json): Pieces {
  return message(
    ...texts(1, json['tags']),
    textField(3, json['description']),
    textField(5, json['operationId']),
    ...each(6, json['parameters'], (one) => itself(parameter(one))),
    optional(7, json['requestBody'], (body) => itself(requestBody(body))),
    messageField(
      8,
      named(2, json['responses'], (one) => itself(response(one))),
    ),
    ...extensions(13, json),
  )
}

function parameter(json: Json): Pieces {
  return message(
    textField(1, json['name']),
    textField(2, json['in']),
    textField(3, json['description']),
    flagField(4, json['required']),
    optional(10, json['schema'], schemaOrReference),
  )
}

function requestBody(json: Json): Pieces {
  return message(optional(2, json['content'], mediaTypes), flagField(3, json['required']))
}

function response(json: Json): Pieces {
  return message(textField(1, json['description']), optional(3, json['content'], mediaTypes))
}

function mediaTypes(json: Json): Pieces {
  return named(1, json, (one) => message(optional(1, one['schema'], schemaOrReference)))
}

function schemaOrReference(json: Json): Pieces {
  if (json['$ref'] === undefined) return itself(schema(json))
  return message(messageField(2, message(textField(1, json['$ref']))))
}

function schema(json: Json): Pieces {
  const { default: value, items, additionalProperties: additional } = json
  return message(
    flagField(1, json['nullable']),
    optional(6, json['externalDocs'], externalDocs),
    any(7, json['example']),
    textField(9, json['title']),
    ...bounds(10, json),
    textField(25, json['type']),
    ...each(26, json['allOf'], schemaOrReference),
    ...each(27, json['oneOf'], schemaOrReference),
    ...each(28, json['anyOf'], schemaOrReference),
    optional(29, json['not'], schema),
    optional(30, items, (one) => message(messageField(1, schemaOrReference(one)))),
    optional(31, json['properties'], (properties) => named(1, properties, schemaOrReference)),
    additional === undefined ? undefined : messageField(32, additionalItem(additional as Json | boolean)),
    value === undefined ? undefined : messageField(33, defaultOf(value)),
    textField(34, json['description']),
    textField(35, json['format']),
    ...extensions(36, json),
  )
}

function additionalItem(additional: Json | boolean): Pieces {
  if (typeof additional === 'boolean') return message(presentFlagField(2, additional))
  return message(messageField(1, schemaOrReference(additional)))
}

/** Only scalars can be said; of anything else the message is there and empty, as gnostic leaves it. */
function defaultOf(value: unknown): Pieces {
  if (typeof value === 'number') return message(presentDoubleField(1, value))
  if (typeof value === 'boolean') return message(presentFlagField(2, value))
  return message(typeof value === 'string' ? presentTextField(3, value) : undefined)
}

/** The thing itself, where there could be a reference. */
function itself(pieces: Pieces): Pieces {
  return message(messageField(1, pieces))
}

function optional(number: number, json: unknown, encode: Encode): Pieces | undefined {
  return json === undefined ? undefined : messageField(number, encode(json as Json))
}

function each(number: number, list: unknown, encode: Encode): Pieces[] {
  return ((list ?? []) as Json[]).map((json) => messageField(number, encode(json)))
}
