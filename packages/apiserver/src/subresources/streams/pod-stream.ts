// pods/NAME/exec, attach and portforward: the client's connection is joined to the node's, whatever protocol the two
// agree on (SPDY or WebSocket). What goes over it is read by the node alone.

import { badRequest } from '@brume/base/errors'
import { relay } from '@brume/base/streams/relay'
import { readText, type UpgradeAnswer } from '@brume/base/streams/upgrade'
import { forbiddenFor } from '../../auth/authorizers/forbidden.ts'
import type { RequestContext } from '../../handlers/context.ts'
import type { ApiRequest, ApiResponse } from '../../http/types.ts'
import type { AgentRequest } from '../../nodes/agents.ts'
import { isTrue } from '../../request/info.ts'
import type { Subresource } from '../table.ts'
import { agentPath, containerOf, hostOf, podOf } from './pod.ts'

const MAX_ERROR_BYTES = 64 * 1024
/** Of the client's headers a node sees only those that choose the protocol: no credentials, no cookies. */
const TOLD = [
  'sec-websocket-key',
  'sec-websocket-version',
  'x-stream-protocol-version',
  'user-agent',
] as const
const ANSWERED = [
  'connection',
  'upgrade',
  'sec-websocket-accept',
  'sec-websocket-protocol',
  'x-stream-protocol-version',
]
/** The subprotocol in which a browser carries its token. */
export const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.'

export const podExec = stream('exec', (context) => {
  const query = commandQuery(context.request.query)
  for (const word of context.request.query.getAll('command')) query.append('command', word)
  return query
})

export const podAttach = stream('attach', (context) => commandQuery(context.request.query))

export const podPortForward = stream('portForward', ({ request }) => {
  const ports = request.query.getAll('ports').flatMap((text) => text.split(','))
  for (const port of ports) {
    if (!/^\d{1,5}$/.test(port))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(port)}: invalid syntax`)
  }
  return new URLSearchParams(ports.length === 0 ? {} : { port: ports.join(',') })
})

type Ask = (context: RequestContext) => URLSearchParams

function stream(verb: 'exec' | 'attach' | 'portForward', ask: Ask): Subresource {
  const handler = async (context: RequestContext): Promise<ApiResponse> => {
    requireCreate(context)
    const query = ask(context)
    const pod = podOf(context)
    const container =
      verb === 'portForward' ? [] : [containerOf(pod, context.request.query.get('container') ?? '')]
    const { namespace = '', name = '', uid = '' } = pod.metadata
    return joinUpgrade(context, {
      node: hostOf(pod),
      path: agentPath([verb, namespace, name, uid, ...container], query),
    })
  }
  return { get: handler, create: handler }
}

/**
 * WebSockets can only be opened with GET. Somebody who may only read is still not meant to run commands: both rights
 * are needed, as in Kubernetes from 1.35 on.
 */
export function requireCreate({ info, parts, user }: RequestContext): void {
  if (info.verb === 'create') return
  const { group, version, resource, subresource, namespace, name } = info
  const attributes = {
    resourceRequest: true as const,
    user,
    verb: 'create',
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
  }
  const decision = parts.authorizer.authorize(attributes)
  if (!decision.allowed) throw forbiddenFor(attributes, decision.reason)
}

/** Opens the node's side first, so that what goes wrong there is an ordinary answer to the client. */
async function joinUpgrade(
  { request, parts }: RequestContext,
  { node, path }: Pick<AgentRequest, 'node' | 'path'>,
): Promise<ApiResponse> {
  if (request.upgrade === undefined) throw badRequest('Upgrade request required')
  const { method, signal } = request
  const headers = upgradeHeaders(request)
  return joined(await parts.nodes.upgrade({ node, method, path, headers, signal }))
}

/** What was agreed on, or why not, as the answer to the client. */
export async function joined(answer: UpgradeAnswer): Promise<ApiResponse> {
  if (!answer.upgraded) {
    const { statusCode = 500, headers: told } = answer.message
    // Nothing that a browser would show as a page of ours.
    const isJson = told['content-type']?.startsWith('application/json')
    const type = isJson ? 'application/json' : 'text/plain; charset=utf-8'
    const body = await readText(answer.message, MAX_ERROR_BYTES)
    return {
      status: statusCode,
      headers: { 'content-type': type, 'x-content-type-options': 'nosniff' },
      body,
    }
  }
  const { message, socket, head } = answer
  const distinct = message.headersDistinct
  const chosen = ANSWERED.flatMap((name) => (distinct[name] === undefined ? [] : [[name, distinct[name]]]))
  return {
    status: 101,
    headers: Object.fromEntries(chosen),
    body: undefined,
    takeover(client, early) {
      if (head.length > 0) client.write(head)
      if (early.length > 0) socket.write(early)
      void relay(client, socket)
    },
  }
}

function upgradeHeaders({ upgrade }: ApiRequest): Record<string, readonly string[]> {
  const given = upgrade!.headers
  const headers: Record<string, readonly string[]> = {
    connection: ['Upgrade'],
    upgrade: [given['upgrade']?.[0] ?? ''],
  }
  for (const name of TOLD) if (given[name] !== undefined) headers[name] = given[name]
  const protocols = (given['sec-websocket-protocol'] ?? []).flatMap((text) => text.split(','))
  const told = protocols
    .map((text) => text.trim())
    .filter((text) => text !== '' && !text.startsWith(BEARER_PROTOCOL))
  if (told.length > 0) headers['sec-websocket-protocol'] = [told.join(', ')]
  return headers
}

/** The API's names of the streams are not the node's. */
function commandQuery(query: URLSearchParams): URLSearchParams {
  const asked = new URLSearchParams()
  const put = (name: string, value: string | null) => {
    if (isTrue(value)) asked.set(name, '1')
  }
  put('input', query.get('stdin'))
  put('output', query.get('stdout'))
  put('error', query.get('stderr'))
  put('tty', query.get('tty'))
  return asked
}
