// One operation as OpenAPI.

import { queryParameters } from './parameters.ts'
import { type Dialect, type Json, referenceTo } from './schema-json.ts'

export interface Content {
  /** OpenAPI name. */
  type: string
  mediaTypes: readonly string[]
}

export interface Operation {
  id: string
  tag: string
  /** x-kubernetes-action */
  action: string
  summary: string
  kind: { group: string; version: string; kind: string }
  /** Custom kinds have no protobuf. */
  custom: boolean
  body?: Content
  /** OpenAPI name of what is answered; undefined: text or a stream. */
  returns?: string
  /** 201 is a possible answer beside 200. */
  created?: boolean
}

export function operationJson(operation: Operation, dialect: Dialect): Json {
  const { id, tag, action, summary, kind, body } = operation
  const produced = producedBy(operation)
  const parameters = queryParameters(action, dialect)
  const common: Json = { description: summary, operationId: id, tags: [tag] }
  const extensions: Json = { 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': kind }
  if (dialect === 'v2') {
    const withBody = body === undefined ? parameters : [bodyParameter(body), ...parameters]
    return {
      ...common,
      consumes: body?.mediaTypes ?? ['*/*'],
      ...(withBody.length === 0 ? {} : { parameters: withBody }),
      produces: produced,
      responses: responsesOf(operation, (type) => ({ schema: referenceTo(type, dialect) }), {
        type: 'string',
      }),
      schemes: ['https'],
      ...extensions,
    }
  }
  const contentOf = (type: string, mediaTypes: readonly string[]) => ({
    content: Object.fromEntries(mediaTypes.map((t) => [t, { schema: referenceTo(type, dialect) }])),
  })
  return {
    ...common,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { ...contentOf(body.type, body.mediaTypes), required: needsBody(action) } }),
    responses: responsesOf(operation, (type) => contentOf(type, produced), {}),
    ...extensions,
  }
}

function producedBy({ returns, custom, action }: Operation): string[] {
  if (returns === undefined) return ['*/*']
  const types = ['application/json', 'application/yaml']
  if (!custom) types.push('application/vnd.kubernetes.protobuf')
  if (action !== 'list') return types
  types.push('application/json;stream=watch')
  if (!custom) types.push('application/vnd.kubernetes.protobuf;stream=watch')
  return types
}

function responsesOf(operation: Operation, content: (type: string) => Json, text: Json): Json {
  const { returns, created, action } = operation
  const body =
    returns === undefined ? (Object.keys(text).length > 0 ? { schema: text } : {}) : content(returns)
  const responses: Json = { '200': { description: 'OK', ...body } }
  if (created === true) responses['201'] = { description: 'Created', ...body }
  if (action === 'post' || action === 'delete') responses['202'] = { description: 'Accepted', ...body }
  responses['401'] = { description: 'Unauthorized' }
  return responses
}

function bodyParameter({ type }: Content): Json {
  return { in: 'body', name: 'body', required: true, schema: referenceTo(type, 'v2') }
}

/** Deletions need no options. */
function needsBody(action: string): boolean {
  return action !== 'delete' && action !== 'deletecollection'
}
