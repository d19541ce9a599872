// The kubelet's paths.

import type { IncomingMessage } from 'node:http'
import { AgentError } from './agent-error.ts'
import type { PodName } from './pods.ts'

export type Route =
  | {
      type: 'stream'
      verb: 'exec' | 'attach' | 'portForward'
      pod: PodName
      container: string
      query: URLSearchParams
    }
  | { type: 'log' | 'run'; pod: PodName; container: string; query: URLSearchParams }
  | { type: 'document'; path: string }

const METHODS: Readonly<Record<string, readonly string[]>> = {
  exec: ['GET', 'POST'],
  attach: ['GET', 'POST'],
  portForward: ['GET', 'POST'],
  containerLogs: ['GET'],
  run: ['POST'],
}

/** Throws AgentError. */
export function routeOf({ method = 'GET', url = '/' }: Pick<IncomingMessage, 'method' | 'url'>): Route {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const [verb = '', ...rest] = segmentsOf(path)
  const methods = METHODS[verb]
  if (methods === undefined) {
    if (method !== 'GET') throw new AgentError(405, '405: Method Not Allowed')
    return { type: 'document', path }
  }
  if (!methods.includes(method)) throw new AgentError(405, '405: Method Not Allowed')
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  const [namespace = '', name = ''] = rest
  // NAMESPACE/POD[/UID][/CONTAINER]
  const ofPod = verb === 'portForward'
  const isRight = ofPod ? rest.length === 2 || rest.length === 3 : rest.length === 3 || rest.length === 4
  if (!isRight || (verb === 'containerLogs' && rest.length !== 3))
    throw new AgentError(404, '404: Page Not Found')
  const uid = ofPod ? rest[2] : rest.length === 4 ? rest[2] : undefined
  const container = ofPod ? '' : rest.at(-1)!
  const pod = { namespace, name, uid }
  if (verb === 'containerLogs') return { type: 'log', pod, container, query }
  if (verb === 'run') return { type: 'run', pod, container, query }
  return { type: 'stream', verb: verb as 'exec' | 'attach' | 'portForward', pod, container, query }
}

function segmentsOf(path: string): string[] {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent)
  } catch {
    throw new AgentError(400, 'the path is not well encoded')
  }
}
