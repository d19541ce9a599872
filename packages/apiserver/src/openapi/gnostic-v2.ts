// Swagger 2.0 in the protobuf of gnostic's openapi.v2 models, the form in which kubectl before 1.27 reads it. Field
// numbers are those of OpenAPIv2.proto.

import { any, bounds, extensions, externalDocs, texts } from './gnostic-values.ts'
import {
  bytesOf,
  flagField,
  message,
  messageField,
  type Pieces,
  presentFlagField,
  textField,
} from './proto-fields.ts'
import type { Json } from './schema-json.ts'

/** `paths` and `definitions` as encodeNamedPath and encodeNamedSchema made them. */
export function encodeDocument(of: {
  info: { title: string; version: string }
  paths: readonly Buffer[]
  definitions: readonly Buffer[]
}): Buffer {
  const document = message(
    textField(1, '2.0'),
    messageField(2, message(textField(1, of.info.title), textField(2, of.info.version))),
    messageField(8, message(...of.paths.map((path) => messageField(2, path)))),
    messageField(9, message(...of.definitions.map((definition) => messageField(1, definition)))),
    messageField(
      12,
      message(messageField(1, message(textField(1, 'BearerToken'), messageField(2, Buffer.alloc(0))))),
    ),
    messageField(13, message(messageField(1, namedBearerToken()))),
  )
  return bytesOf(document)
}

export function encodeNamedSchema(name: string, json: Json): Buffer {
  return bytesOf(namedSchema(name, json))
}

export function encodeNamedPath(name: string, json: Json): Buffer {
  return bytesOf(message(textField(1, name), messageField(2, pathItem(json))))
}

function namedSchema(name: string, json: Json): Pieces {
  return message(textField(1, name), messageField(2, schema(json)))
}

function namedBearerToken(): Pieces {
  const apiKey = message(
    textField(1, 'apiKey'),
    textField(2, 'authorization'),
    textField(3, 'header'),
    textField(4, 'Bearer token'),
  )
  return message(textField(1, 'BearerToken'), messageField(2, message(messageField(2, apiKey))))
}

function schema(json: Json): Pieces {
  const properties = Object.entries((json['properties'] ?? {}) as Record<string, Json>)
  const additional = json['additionalProperties']
  const items = json['items'] as Json | undefined
  return message(
    textField(1, json['$ref']),
    textField(2, json['format']),
    textField(3, json['title']),
    textField(4, json['description']),
    any(5, json['default']),
    ...bounds(6, json),
    additional === undefined ? undefined : messageField(21, additionalItem(additional as Json | boolean)),
    json['type'] === undefined ? undefined : messageField(22, message(textField(1, json['type']))),
    items === undefined ? undefined : messageField(23, message(messageField(1, schema(items)))),
    properties.length === 0
      ? undefined
      : messageField(
          25,
          message(...properties.map(([name, child]) => messageField(1, namedSchema(name, child)))),
        ),
    json['externalDocs'] === undefined
      ? undefined
      : messageField(29, externalDocs(json['externalDocs'] as Json)),
    any(30, json['example']),
    ...extensions(31, json),
  )
}

function additionalItem(additional: Json | boolean): Pieces {
  if (typeof additional === 'boolean') return message(presentFlagField(2, additional))
  return message(messageField(1, schema(additional)))
}

const METHODS: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 }

function pathItem(json: Json): Pieces {
  const operations = Object.entries(METHODS).flatMap(([method, number]) =>
    json[method] === undefined ? [] : [messageField(number, operation(json[method] as Json))],
  )
  return message(...operations, ...parameters(9, json['parameters']))
}

function operation(json: Json): Pieces {
  const responses = Object.entries((json['responses'] ?? {}) as Record<string, Json>)
  return message(
    ...texts(1, json['tags']),
    textField(3, json['description']),
    textField(5, json['operationId']),
    ...texts(6, json['produces']),
    ...texts(7, json['consumes']),
    ...parameters(8, json['parameters']),
    messageField(9, message(...responses.map(([code, of]) => messageField(1, response(code, of))))),
    ...texts(10, json['schemes']),
    ...extensions(13, json),
  )
}

function response(code: string, json: Json): Pieces {
  const body = json['schema'] as Json | undefined
  const value = message(
    textField(1, json['description']),
    body === undefined ? undefined : messageField(2, message(messageField(1, schema(body)))),
  )
  return message(textField(1, code), messageField(2, message(messageField(1, value))))
}

function parameters(number: number, list: unknown): Pieces[] {
  return ((list ?? []) as Json[]).map((json) =>
    messageField(number, message(messageField(1, parameter(json)))),
  )
}

function parameter(json: Json): Pieces {
  if (json['in'] === 'body') {
    const body = message(
      textField(1, json['description']),
      textField(2, json['name']),
      textField(3, json['in']),
      flagField(4, json['required']),
      messageField(5, schema(json['schema'] as Json)),
    )
    return message(messageField(1, body))
  }
  const isQuery = json['in'] === 'query'
  const [type, unique] = isQuery ? [6, 20] : [5, 19]
  const fields = message(
    flagField(1, json['required']),
    textField(2, json['in']),
    textField(3, json['description']),
    textField(4, json['name']),
    textField(type, json['type']),
    flagField(unique, json['uniqueItems']),
  )
  return message(messageField(2, message(messageField(isQuery ? 3 : 4, fields))))
}
