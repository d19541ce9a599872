// GET /containerLogs/NAMESPACE/POD/CONTAINER

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from '@brume/base/clock'
import { isCriError } from '../cri/connection.ts'
import type { Cri } from '../cri/cri.ts'
import { containerOfLog, NoLog } from '../logs/container-log.ts'
import type { ContainerEnds } from '../logs/ended.ts'
import type { LogOptions } from '../logs/log-options.ts'
import { openLog } from '../logs/read.ts'
import { AgentError } from './agent-error.ts'
import { containerSpec, type NodePods, type PodName, podNamed } from './pods.ts'

export interface LogParts {
  pods: NodePods
  cri: Pick<Cri, 'containerStatus'>
  ends: ContainerEnds
  clock: Clock
}

/** Throws AgentError before anything was answered. */
export async function serveLog(
  { pods, cri, ends, clock }: LogParts,
  of: { pod: PodName; container: string; query: URLSearchParams },
  response: ServerResponse,
): Promise<void> {
  const options = logOptions(of.query, clock.now())
  const pod = podNamed(pods, of.pod)
  if (containerSpec(pod, of.container) === undefined) {
    throw new AgentError(
      404,
      `container ${JSON.stringify(of.container)} not found in pod ${JSON.stringify(of.pod.name)}`,
    )
  }
  const containerId = idOf(() => containerOfLog(pod, of.container, of.query.get('previous') === 'true'))
  const path = await pathOf(cri, containerId)
  const leaving = new AbortController()
  response.once('close', () => leaving.abort())
  const { signal } = leaving
  const ended = options.follow ? ends.of(containerId, signal) : Promise.resolve()
  try {
    // What fails now can still be told.
    const text = await openLog({ path, options, signal, ended }).catch((error) => {
      const message = `failed to open log file ${JSON.stringify(path)}: ${error.message}`
      throw new AgentError(500, message, { cause: error })
    })
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
    response.flushHeaders()
    for await (const chunk of text) await send(response, chunk, signal)
    response.end()
  } finally {
    leaving.abort()
  }
}

async function send(response: ServerResponse, chunk: Buffer, signal: AbortSignal): Promise<void> {
  if (signal.aborted || response.write(chunk)) return
  try {
    await once(response, 'drain', { signal })
  } catch {
    // The client has gone, and the reading ends with the signal.
  }
}

function idOf(find: () => string): string {
  try {
    return find()
  } catch (error) {
    if (error instanceof NoLog) throw new AgentError(400, error.message)
    throw error
  }
}

async function pathOf(cri: LogParts['cri'], containerId: string): Promise<string> {
  try {
    const { logPath = '' } = await cri.containerStatus(containerId)
    if (logPath !== '') return logPath
  } catch (error) {
    if (!isCriError(error)) throw error
    if (!error.notFound) throw new AgentError(500, error.message, { cause: error })
  }
  throw new AgentError(400, `unable to retrieve container logs for containerd://${containerId}`)
}

/** The API server has checked them. */
function logOptions(query: URLSearchParams, now: number): LogOptions {
  const numberOf = (name: string) => {
    const text = query.get(name)
    if (text === null) return undefined
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < 0)
      throw new AgentError(422, '{"message": "Invalid request."}')
    return value
  }
  const seconds = numberOf('sinceSeconds')
  const time = query.get('sinceTime')
  const since = [
    ...(seconds === undefined ? [] : [now - seconds * 1000]),
    ...(time === null ? [] : [Date.parse(time)]),
  ]
  return {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    tailLines: numberOf('tailLines'),
    limitBytes: numberOf('limitBytes'),
    sinceMs: since.length === 0 ? undefined : Math.max(...since),
  }
}
