// GET pods/NAME/log: the container's log as its node has it.

import { type FieldError, forbiddenField, invalid, invalidObject } from '@brume/api/field-error'
import { badRequest, StatusError } from '@brume/base/errors'
import { readText } from '@brume/base/streams/upgrade'
import type { RequestContext } from '../../handlers/context.ts'
import type { ApiResponse } from '../../http/types.ts'
import { isTrue } from '../../request/info.ts'
import type { Subresource } from '../table.ts'
import { bodyOf } from './body.ts'
import { agentPath, containerOf, podOf } from './pod.ts'

const MAX_ERROR_BYTES = 4096
const PASSED_ON = ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes'] as const

export const podLog: Subresource = { get: readLog }

async function readLog(context: RequestContext): Promise<ApiResponse> {
  const { request, parts } = context
  const query = logQuery(request.query, context.info.name)
  const pod = podOf(context)
  const container = containerOf(pod, request.query.get('container') ?? '')
  const node: string = pod['spec']?.nodeName ?? ''
  const headers = { 'content-type': 'text/plain' }
  // Not placed yet: it has said nothing.
  if (node === '') return { status: 200, headers, body: '' }
  const { namespace = '', name = '' } = pod.metadata
  const answer = await parts.nodes.request({
    node,
    method: 'GET',
    path: agentPath(['containerLogs', namespace, name, container], query),
    signal: request.signal,
  })
  const status = answer.statusCode ?? 500
  if (status !== 200) throw errorOf(status, await readText(answer, MAX_ERROR_BYTES))
  return { status: 200, headers, body: bodyOf(answer) }
}

function errorOf(status: number, text: string): StatusError {
  if (status === 400) return badRequest(text)
  if (status === 404) return new StatusError('NotFound', text)
  if (status === 429) return new StatusError('TooManyRequests', text)
  return new StatusError('InternalError', `Internal error occurred: ${text}`)
}

/** What the node is asked for. Throws BadRequest and Invalid as Kubernetes does. */
function logQuery(query: URLSearchParams, name: string): URLSearchParams {
  const errors: FieldError[] = []
  const atLeast = (field: string, least: number, message: string) => {
    const value = integerOf(query, field)
    if (value !== undefined && value < least) errors.push(invalid(field, value, message))
  }
  atLeast('tailLines', 0, 'must be greater than or equal to 0')
  atLeast('limitBytes', 1, 'must be greater than 0')
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  } else atLeast('sinceSeconds', 1, 'must be greater than 0')
  const since = query.get('sinceTime')
  if (since !== null && Number.isNaN(Date.parse(since))) {
    throw badRequest(`parsing time ${JSON.stringify(since)}: it is not an RFC 3339 time`)
  }
  if (query.has('stream')) errors.push(forbiddenField('stream', 'may not be specified'))
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'PodLogOptions', name }, errors)
  const asked = new URLSearchParams()
  for (const flag of ['follow', 'previous', 'timestamps']) {
    if (isTrue(query.get(flag))) asked.set(flag, 'true')
  }
  for (const field of PASSED_ON) {
    const value = query.get(field)
    if (value !== null) asked.set(field, value)
  }
  return asked
}

function integerOf(query: URLSearchParams, field: string): number | undefined {
  const text = query.get(field)
  if (text === null) return undefined
  const value = Number(text)
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return value
}
