// The body of a subresource that is an object of another kind (Scale, Binding, Eviction, TokenRequest).

import type { KubeObject } from '@brume/api/object'
import { schemaFor } from '@brume/api/schema/compile'
import { badRequest } from '@brume/base/errors'
import type { RequestContext } from '../handlers/context.ts'
import {
  cannotHandle,
  checkKind,
  decodeTyped,
  type Expected,
  parseBody,
  reportStrict,
} from '../request/decode.ts'
import type { WriteOptions } from '../request/options.ts'

export interface BodyKind extends Expected {
  /** OpenAPI definition name. */
  typeName: string
}

/** Other versions under which clients send the same body. */
export async function readTypedBody(
  context: RequestContext,
  kind: BodyKind,
  options: Pick<WriteOptions, 'fieldValidation'>,
): Promise<KubeObject> {
  const { request } = context
  const schema = schemaFor(kind.typeName)
  const raw = parseBody(await request.readBody(), request.headers['content-type'], {
    kind: kind.kind,
    schema,
  })
  checkKind(raw.value, kind)
  const { value, unknownFields } = decodeTyped(raw.value, schema, kind)
  reportStrict(raw.strictErrors, unknownFields, {
    fieldValidation: options.fieldValidation,
    warn: (text) => context.warnings.push(text),
    refuse: cannotHandle(kind),
  })
  return value
}

/** The body must be of the object that was authorized: the one of the path. Throws 400. */
export function checkBodyNames(body: KubeObject, { info }: RequestContext, kind: string): void {
  const { name = '', namespace = '' } = body.metadata ?? {}
  if (info.name !== '' && name !== info.name) {
    throw badRequest(`name in URL does not match name in ${kind} object`)
  }
  if (namespace !== '' && namespace !== info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}
