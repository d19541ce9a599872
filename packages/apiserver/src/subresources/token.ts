// POST serviceaccounts/NAME/token: a bound token (TokenRequest).

import { schemaFor } from '@brume/api/schema/compile'
import { assert } from '@brume/base/assert'
import { negotiate } from '../http/accept.ts'
import { respondWith } from '../http/encode.ts'
import { parseWriteOptions } from '../request/options.ts'
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
    const review = parts.review('authentication.k8s.io/TokenRequest')
    assert(review !== undefined, 'TokenRequest is one of the reviews')
    const answer = review({ object, user, namespace: info.namespace, name: info.name })
    const accepted = negotiate(request.headers['accept'], { views: [], protobuf: true }, null)
    return respondWith(accepted, 201, answer, schemaFor(TOKEN_REQUEST.typeName))
  },
}
