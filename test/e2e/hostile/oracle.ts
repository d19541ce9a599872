// What every answer must be, whatever was asked.

import { decodeProtobuf } from '@brume/api/codec/protobuf'
import { parseYamlBody } from '@brume/api/codec/yaml'
import { schemaFor } from '@brume/api/schema/compile'
import { REASON_CODES } from '@brume/base/errors'
import type { Ask, Reply } from './session.ts'

const STATUS_SCHEMA = schemaFor('io.k8s.apimachinery.pkg.apis.meta.v1.Status')

/** Paths of files and frames of stacks: nothing of a program's inside belongs into an answer. */
const INSIDES =
  /\\n {2,}at |\.ts:\d+|node_modules|node:internal|file:\/\/|\/packages\/\w+\/src|UnhandledPromise/

interface Status {
  kind: string
  status: string
  reason?: string
  code: number
  message?: string
}

/** What is wrong with the answer; undefined: nothing. */
export function complaintOf(request: Ask, reply: Reply): string | undefined {
  const text = reply.body.toString()
  if (INSIDES.test(text)) return `it shows the inside of the server: ${text.slice(0, 300)}`
  if (reply.status < 200 || reply.status > 599) return `status ${reply.status}`
  if (request.method === 'HEAD') return reply.body.length > 0 ? 'a body for HEAD' : undefined
  const type = String(reply.headers['content-type'] ?? '')
  let value: unknown
  try {
    value = decode(type, reply.body)
  } catch (error) {
    return `its body is no ${type}: ${error instanceof Error ? error.message : error}`
  }
  if (reply.status < 400) return undefined
  return statusComplaint(request, reply, value as Status)
}

function statusComplaint(request: Ask, reply: Reply, status: Status): string | undefined {
  if (status?.kind !== 'Status' || status.status !== 'Failure')
    return `status ${reply.status} without a Status`
  if (status.code !== reply.status) return `the Status says ${status.code}, the head ${reply.status}`
  if (isMistypedApply(request, status)) return undefined
  const expected = REASON_CODES[status.reason as keyof typeof REASON_CODES]
  if (expected !== reply.status) return `reason ${status.reason} with code ${reply.status}`
  if ((status.message ?? '') === '') return 'no message'
  if (reply.status < 500 || isExcusable(status)) return undefined
  return `${reply.status} ${status.reason}: ${status.message}`
}

/** Kubernetes, too, has no better answer to an apply whose types are wrong. */
function isMistypedApply({ headers }: Ask, { code, reason = '' }: Status): boolean {
  return code === 500 && reason === '' && headers?.['content-type'] === 'application/apply-patch+yaml'
}

/** What proxies and streams answer when there is nobody behind them. */
const UNREACHABLE = ['error dialing backend', 'cannot be asked', 'no endpoints available', 'no service port']

/** Server errors that Kubernetes answers in the same places. */
function isExcusable({ reason, message = '' }: Status): boolean {
  if (reason === 'ServiceUnavailable') return UNREACHABLE.some((text) => message.includes(text))
  if (reason === 'Timeout') return message.startsWith('Too large resource version')
  return (
    message.includes('impersonation without a user') || message.includes('more than one PodDisruptionBudget')
  )
}

function decode(type: string, body: Buffer): unknown {
  if (type.startsWith('application/json')) return body.length === 0 ? undefined : JSON.parse(body.toString())
  if (type.startsWith('application/yaml')) return parseYamlBody(body).value
  if (type.startsWith('application/vnd.kubernetes.protobuf')) {
    if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') throw new Error('no protobuf envelope')
    try {
      return decodeProtobuf(body, (_version, kind) => (kind === 'Status' ? STATUS_SCHEMA : undefined))
    } catch (error) {
      if (/no kind/.test(String(error))) return undefined
      throw error
    }
  }
  return body.toString()
}
