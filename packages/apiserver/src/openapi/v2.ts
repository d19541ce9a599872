// Swagger 2.0: one document for everything, as JSON and as gnostic's protobuf. Built-in kinds are put into bytes once;
// a CRD's change encodes its own kind and joins the pieces.

import type { ResourceDefinition } from '@brume/api/resource'
import type { PathHandler } from '../http/types.ts'
import { acceptedForm, answer, checkMethod, type Document, documentOf, JSON_TYPE } from './answer.ts'
import { componentsOf } from './components.ts'
import { encodeDocument, encodeNamedPath, encodeNamedSchema } from './gnostic-v2.ts'
import { DerivedCache, groupVersionsOf } from './group-versions.ts'
import { pathsOf } from './paths.ts'
import type { Json } from './schema-json.ts'
import type { OpenApiParts } from './v3.ts'

const SECURITY = {
  BearerToken: { type: 'apiKey', description: 'Bearer token', name: 'authorization', in: 'header' },
}

/** Encoded paths and definitions, the latter by name, for several kinds may need the same. */
interface Piece {
  paths: Buffer[]
  definitions: Map<string, Buffer>
}

interface Form {
  pieces: DerivedCache<Piece>
  assemble(pieces: readonly Piece[]): Buffer
  document: Document | undefined
}

/** The handler of `/openapi/v2`. */
export function createOpenApiV2({ registry, version }: OpenApiParts): PathHandler {
  const info = { title: 'Brume', version }
  const json: Form = {
    pieces: new DerivedCache((definitions) => pieceOf(definitions, jsonEntry, jsonEntry)),
    assemble: (pieces) => assembleJson(pieces, info),
    document: undefined,
  }
  const protobuf: Form = {
    pieces: new DerivedCache((definitions) => pieceOf(definitions, encodeNamedPath, encodeNamedSchema)),
    assemble: (pieces) => encodeDocument({ info, ...joined(pieces) }),
    document: undefined,
  }
  let generation = -1

  function documentIn(form: Form): Document {
    if (generation !== registry.generation) {
      json.document = undefined
      protobuf.document = undefined
      generation = registry.generation
    }
    if (form.document === undefined) {
      const kinds = piecesOf([...groupVersionsOf(registry).values()].flat())
      form.pieces.keep(new Set(kinds.keys()))
      const pieces = [...kinds].map(([key, definitions]) => form.pieces.get(key, definitions))
      form.document = documentOf(form.assemble(pieces))
    }
    return form.document
  }

  return (request) => {
    checkMethod(request)
    const type = acceptedForm(request, 'v2')
    return answer(request, documentIn(type === JSON_TYPE ? json : protobuf), { 'content-type': type })
  }
}

/** All built-in kinds in one piece, and one for each version of a custom kind. */
function piecesOf(definitions: readonly ResourceDefinition[]): Map<string, ResourceDefinition[]> {
  const builtin = definitions.filter((definition) => definition.custom !== true)
  const pieces = new Map([['', builtin]])
  for (const definition of definitions) {
    const { group, version, plural } = definition
    if (definition.custom === true) pieces.set(`${group}/${version}/${plural}`, [definition])
  }
  return pieces
}

type Encode = (name: string, json: Json) => Buffer

function pieceOf(definitions: readonly ResourceDefinition[], path: Encode, schema: Encode): Piece {
  const paths = definitions.flatMap((definition) =>
    Object.entries(pathsOf(definition, 'v2')).map(([name, json]) => path(name, json)),
  )
  const encoded = new Map<string, Buffer>()
  for (const [name, json] of componentsOf(definitions, 'v2')) encoded.set(name, schema(name, json))
  return { paths, definitions: encoded }
}

function joined(pieces: readonly Piece[]): { paths: Buffer[]; definitions: Buffer[] } {
  const definitions = new Map<string, Buffer>()
  for (const piece of pieces) {
    for (const [name, bytes] of piece.definitions) if (!definitions.has(name)) definitions.set(name, bytes)
  }
  return { paths: pieces.flatMap((piece) => piece.paths), definitions: [...definitions.values()] }
}

function jsonEntry(name: string, json: Json): Buffer {
  return Buffer.from(`${JSON.stringify(name)}:${JSON.stringify(json)}`)
}

const COMMA = Buffer.from(',')

function assembleJson(pieces: readonly Piece[], info: Json): Buffer {
  const { paths, definitions } = joined(pieces)
  return Buffer.concat([
    Buffer.from(`{"swagger":"2.0","info":${JSON.stringify(info)},"paths":{`),
    ...commaSeparated(paths),
    Buffer.from('},"definitions":{'),
    ...commaSeparated(definitions),
    Buffer.from(`},"securityDefinitions":${JSON.stringify(SECURITY)},"security":[{"BearerToken":[]}]}`),
  ])
}

function commaSeparated(entries: Buffer[]): Buffer[] {
  return entries.flatMap((entry, i) => (i === 0 ? [entry] : [COMMA, entry]))
}
