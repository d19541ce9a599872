// POST serviceaccounts/NAME/token: a bound token (TokenRequest).

import type { KubeObject } from '@brume/api/object'
import { schemaFor } from '@brume/api/schema/compile'
import { assert } from '@brume/base/assert'
import { admissionRequest, type RequestContext } from '../handlers/context.ts'
import { admit, mutate, Reservations } from '../handlers/write.ts'
import { negotiate } from '../http/accept.ts'
import { respondWith } from '../http/encode.ts'
import { parseWriteOptions, type WriteOptions } from '../request/options.ts'
import { readTypedBody } from './body.ts'
import type { Subresource } from './table.ts'

const TOKEN_REQUEST = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  typeName: 'io.k8s.api.authentication.v1.TokenRequest',
}

export const serviceAccountToken: Subresource = {
  async create(context) {
    const { info, parts, request, user } = context
    const options = parseWriteOptions(request.query, {
      optionsKind: 'CreateOptions',
      userAgent: request.headers['user-agent'],
    })
    const object = await readTypedBody(context, TOKEN_REQUEST, options)
    await admitted(context, object, options)
    const review = parts.review('authentication.k8s.io/TokenRequest')
    assert(review !== undefined, 'TokenRequest is one of the reviews')
    const answer = review({ object, user, namespace: info.namespace, name: info.name })
    const accepted = negotiate(request.headers['accept'], { views: [], protobuf: true }, null)
    return respondWith(accepted, 201, answer, schemaFor(TOKEN_REQUEST.typeName))
  },
}

/** As any other thing that is created: what is asked for may be changed, or refused. */
async function admitted(
  context: RequestContext,
  object: KubeObject,
  { dryRun }: Pick<WriteOptions, 'dryRun'>,
): Promise<void> {
  const fields = {
    operation: 'CREATE',
    object,
    oldObject: undefined,
    name: context.info.name,
    dryRun,
  } as const
  const request = admissionRequest(context, fields)
  const reservations = new Reservations()
  try {
    await mutate(context, request)
    await admit(context, request, reservations)
  } finally {
    // Nothing is kept of it.
    reservations.release()
  }
}
