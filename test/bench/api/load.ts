// A load process: does the jobs that its parent sends, one at a time.

import { Connection } from './connection.ts'
import {
  type Jobs,
  nowMicros,
  type RequestsJob,
  type RequestsResult,
  SENT_AT,
  SENT_AT_DIGITS,
  type WatchedResult,
  type WatchJob,
} from './jobs.ts'

const MARK = Buffer.from(SENT_AT)
const NOW = '{now}'
const NUMBER = /\{n\}/g
const LAST_DIGIT = /\{n1\}/g
const LAST_TWO_DIGITS = /\{n2\}/g

const jobs: Jobs = { requests, watch, watched, unwatch }
let watches:
  | { connections: Connection[]; latencies: number[]; bytes: number; ended: number; why: string }
  | undefined

process.on('message', ({ job, args }: { job: keyof Jobs; args: never[] }) => {
  ;(jobs[job] as (...args: never[]) => Promise<unknown>)(...args).then(
    (result) => process.send!({ result }),
    (error) => process.send!({ error: String(error?.stack ?? error) }),
  )
})
// The parent is gone: so is the reason to go on.
process.on('disconnect', () => process.exit(0))

async function requests(job: RequestsJob): Promise<RequestsResult> {
  const connections = await openAll(job, job.connections)
  const result = { sent: 0, failed: 0, failure: '', seconds: 0, bytes: 0 }
  const latencies: number[] = []
  const firstBytes: number[] = []
  let next = job.from
  const start = performance.now()
  const end = start + job.durationMs
  const last = job.count === undefined ? Number.POSITIVE_INFINITY : job.from + job.count
  const send = async (connection: Connection, n: number) => {
    const { method, headers = {} } = job
    const path = fill(job.path, n)
    const body = job.body === undefined ? undefined : Buffer.from(fill(job.body, n))
    const reply = await connection.send({ method, path, headers, body })
    latencies.push(reply.totalMs)
    firstBytes.push(reply.firstByteMs)
    result.sent++
    result.bytes += reply.bytes
    if (reply.status >= 200 && reply.status < 300) return
    result.failed++
    result.failure ||= `${method} ${path} was answered ${reply.status}`
  }
  if (job.perSecond === undefined) {
    const loop = async (_: unknown, i: number) => {
      while (performance.now() < end && next < last) await send(connections[i % connections.length]!, next++)
    }
    await Promise.all(Array.from({ length: job.writers }, loop))
  } else {
    await paced(job.perSecond, end, (i) => send(connections[i % connections.length]!, next++))
  }
  result.seconds = (performance.now() - start) / 1000
  for (const connection of connections) connection.close()
  const [p50Ms, p99Ms] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
  return { ...result, p50Ms, p99Ms, firstByteP50Ms: quantile(firstBytes, 0.5) }
}

/** Sends at an even rate until `end`, then waits for the answers. */
async function paced(perSecond: number, end: number, send: (i: number) => Promise<void>): Promise<void> {
  const start = performance.now()
  const open = new Set<Promise<void>>()
  let sent = 0
  while (performance.now() < end) {
    const due = ((performance.now() - start) / 1000) * perSecond
    while (sent < due) {
      const one: Promise<void> = send(sent++).finally(() => open.delete(one))
      open.add(one)
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(open)
}

function fill(template: string, n: number): string {
  return template
    .replace(NUMBER, String(n))
    .replace(LAST_DIGIT, String(n % 10))
    .replace(LAST_TWO_DIGITS, String(n % 100))
    .replace(NOW, () => String(nowMicros()))
}

/** Resolves when the server has answered every watch. */
async function watch(job: WatchJob): Promise<void> {
  const connections = await openAll(job, job.connections)
  const state = { connections, latencies: [] as number[], bytes: 0, ended: 0, why: '' }
  watches = state
  await Promise.all(
    Array.from({ length: job.watchers }, (_, i) => {
      const seen = Promise.withResolvers<void>()
      // A mark can be cut by the end of a chunk; what is left waits for the next.
      let rest: Buffer = Buffer.alloc(0)
      const onData = (chunk: Buffer) => {
        seen.resolve()
        state.bytes += chunk.length
        rest = collect(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), state.latencies)
      }
      const ended = (how: unknown) => {
        state.ended++
        state.why ||= how instanceof Error ? how.message : JSON.stringify(how)
        seen.resolve()
      }
      connections[i % connections.length]!.send({ path: job.path, onData }).then(ended, ended)
      return seen.promise
    }),
  )
}

/** Notes the latency of every event in `bytes`; what may be the start of another is returned. */
function collect(bytes: Buffer, latencies: number[]): Buffer {
  const now = nowMicros()
  const needed = MARK.length + SENT_AT_DIGITS
  let from = 0
  for (;;) {
    const at = bytes.indexOf(MARK, from)
    if (at < 0) return Buffer.from(bytes.subarray(Math.max(from, bytes.length - MARK.length + 1)))
    if (at + needed > bytes.length) return Buffer.from(bytes.subarray(at))
    from = at + needed
    latencies.push((now - Number(bytes.toString('latin1', at + MARK.length, from))) / 1000)
  }
}

async function watched(): Promise<WatchedResult> {
  const latencies = watches?.latencies.splice(0) ?? []
  const { bytes = 0, ended = 0, why = '' } = watches ?? {}
  if (watches !== undefined) watches.bytes = 0
  const [p50Ms, p99Ms] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
  return { deliveries: latencies.length, bytes, ended, why, p50Ms, p99Ms }
}

async function unwatch(): Promise<void> {
  for (const connection of watches?.connections ?? []) connection.close()
  watches = undefined
}

function openAll({ url, auth }: Pick<RequestsJob, 'url' | 'auth'>, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(url, auth)))
}

function quantile(values: number[], q: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}
