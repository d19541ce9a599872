// A request body as an object of the kind that the path names, decoded as strictly as the client asked for.

import { type ParsedBody, parseJsonBody } from '@brume/api/codec/json'
import { decodeProtobuf } from '@brume/api/codec/protobuf'
import type { KubeObject } from '@brume/api/object'
import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import { DecodeError, decodeBuiltin } from '@brume/api/schema/decode'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { badRequest, StatusError } from '@brume/base/errors'
import { decodeCustom } from '../crd/decode.ts'
import type { FieldValidation } from './options.ts'
import { parseYamlBody } from './yaml-body.ts'

export type RawBody = ParsedBody

/** What a protobuf body, which does not describe itself, is read as. */
export interface BodyType {
  kind: string
  schema: ObjectSchema
  /** A custom kind, which has no protobuf. */
  custom?: boolean
}

/** The version is checked later, with the words for it: every client's own DeleteOptions, for one, differs in it. */
const resolverOf = (expected: BodyType) => (_apiVersion: string, kind: string) =>
  kind === '' || kind === expected.kind ? expected.schema : undefined

const STRICT_ERROR_LIMIT = 20

/** The media type without parameters, in lower case; '' when absent. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

/** Parses a body by its content type; a missing one counts as JSON. Protobuf needs `expected`. Throws 400 or 415. */
export function parseBody(bytes: Buffer, contentType: string | undefined, expected?: BodyType): RawBody {
  const type = mediaType(contentType)
  try {
    switch (type) {
      case '':
      case 'application/json':
        return parseJsonBody(bytes)
      case 'application/yaml':
      case 'application/x-yaml':
      case 'text/yaml':
        return parseYamlBody(bytes)
      case 'application/vnd.kubernetes.protobuf':
        if (expected === undefined || expected.custom === true) break
        return { value: decodeProtobuf(bytes, resolverOf(expected)), strictErrors: [] }
    }
  } catch (error) {
    throw asBadRequest(error)
  }
  throw new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf`,
  )
}

/** A codec's own errors are the client's; anything else is a bug and passes. */
export function asBadRequest(error: unknown, prefix = ''): unknown {
  if (error instanceof DecodeError) return badRequest(`${prefix}${error.message}`)
  return error
}

export interface Expected {
  group: string
  version: string
  kind: string
}

/** Fills apiVersion and kind where the body has none; refuses a body of another kind. */
export function checkKind(value: unknown, expected: Expected): asserts value is KubeObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest(`couldn't get version/kind; json parse error: the body is not an object`)
  }
  const object = value as Record<string, unknown>
  const apiVersion = apiVersionOf(expected.group, expected.version)
  if (object['apiVersion'] === undefined || object['apiVersion'] === '') object['apiVersion'] = apiVersion
  if (object['kind'] === undefined || object['kind'] === '') object['kind'] = expected.kind
  if (object['apiVersion'] !== apiVersion) {
    throw badRequest(
      `the API version in the data (${show(object['apiVersion'])}) does not match the expected API version (${apiVersion})`,
    )
  }
  if (object['kind'] !== expected.kind) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): got ${show(object['kind'])}`,
    )
  }
}

const show = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** The answer to a body that cannot be decoded. */
export type Refuse = (why: DecodeError) => StatusError

/** How an object that was sent as a whole is refused. */
export const cannotHandle =
  ({ version, kind }: Pick<Expected, 'version' | 'kind'>): Refuse =>
  ({ message }) =>
    badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${message}`)

export interface DecodeMode {
  fieldValidation: FieldValidation
  warn(text: string): void
  /** Default: cannotHandle. */
  refuse?: Refuse
}

/** Decodes into the definition's schema; unknown and duplicate fields are refused, warned of or dropped. */
export function decodeObject(raw: RawBody, definition: ResourceDefinition, mode: DecodeMode): KubeObject {
  checkKind(raw.value, definition)
  const refuse = mode.refuse ?? cannotHandle(definition)
  const { value, unknownFields } = refusing(refuse, () =>
    definition.custom === true
      ? decodeCustom(raw.value, definition)
      : decodeBuiltin(raw.value, definition.schema),
  )
  reportStrict(raw.strictErrors, unknownFields, { ...mode, refuse })
  return value
}

/** Decodes a body of a type that is no resource of its own (Scale, Binding, DeleteOptions...). */
export function decodeTyped(
  value: unknown,
  schema: ObjectSchema,
  expected: Expected,
): { value: KubeObject; unknownFields: string[] } {
  return refusing(cannotHandle(expected), () => decodeBuiltin(value, schema))
}

function refusing<T>(refuse: Refuse, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw error instanceof DecodeError ? refuse(error) : error
  }
}

export function reportStrict(
  strictErrors: readonly string[],
  unknownFields: readonly string[],
  mode: Required<DecodeMode>,
): void {
  if (mode.fieldValidation === 'Ignore' || strictErrors.length + unknownFields.length === 0) return
  const texts = [...strictErrors, ...unknownFields.map((path) => `unknown field "${path}"`)].slice(
    0,
    STRICT_ERROR_LIMIT,
  )
  if (mode.fieldValidation === 'Strict') {
    throw mode.refuse(new DecodeError(`strict decoding error: ${texts.join(', ')}`))
  }
  for (const text of texts) mode.warn(text)
}
