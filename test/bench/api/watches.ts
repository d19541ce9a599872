// Many watchers of one collection that changes: how late events come, and how many can be delivered.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import { LoadProcess } from './load-process.ts'
import { configMapNamed, WATCHED } from './objects.ts'
import { milliseconds, perSecond } from './report.ts'
import type { Target } from './target.ts'

const RATE = 100
/** Tried one after the other until deliveries fall behind. */
const RATES = [200, 300, 400, 500, 600, 800, 1_000, 1_500]
const STREAMS_PER_CONNECTION = 100
/** What falls behind by this much is saturated. */
const SATURATED_MS = 1_000
const DELIVERED_SHARE = 0.97
const DRAIN_MS = 500

interface Delivered {
  perSecond: number
  p99Ms: number
  complete: boolean
}

export async function watches(bench: Bench): Promise<void> {
  const { ours, peer, report, scale } = bench
  const mine = await deliveries(bench, ours)
  const theirs = peer && (await deliveries(bench, peer))
  const what = `WATCH, ${scale.watchers} watchers`
  report.absolute({
    what: `${what} x ${RATE} events/s: p99 from sending to seeing`,
    most: 100,
    ours: mine.steady.p99Ms,
    peer: theirs?.steady.p99Ms,
    format: milliseconds,
  })
  report.absolute({
    what: `${what}: most deliveries`,
    least: 300_000,
    ours: mine.most,
    peer: theirs?.most,
    format: perSecond,
  })
}

async function deliveries(bench: Bench, target: Target): Promise<{ steady: Delivered; most: number }> {
  const { scale } = bench
  // Watchers have a process of their own, so that writers are not late because of them.
  const watchers = new LoadProcess()
  try {
    await watchers.watch({
      url: target.url,
      auth: target.admin,
      kind: 'watch',
      path: `${WATCHED}?watch=1`,
      watchers: scale.watchers,
      connections: Math.ceil(scale.watchers / STREAMS_PER_CONNECTION),
    })
    await at(bench, target, { rate: RATE, watchers })
    const steady = await at(bench, target, { rate: RATE, watchers })
    let most = steady.perSecond
    for (const rate of RATES) {
      const reached = await at(bench, target, { rate, watchers })
      most = Math.max(most, reached.perSecond)
      if (!reached.complete || reached.p99Ms > SATURATED_MS) break
    }
    await watchers.unwatch()
    return { steady, most }
  } finally {
    watchers.stop()
  }
}

async function at(
  { load, scale }: Bench,
  target: Target,
  { rate, watchers }: { rate: number; watchers: LoadProcess },
): Promise<Delivered> {
  await watchers.watched()
  const started = performance.now()
  const { sent, failed, failure } = await load.requests({
    kind: 'requests',
    url: target.url,
    auth: target.admin,
    method: 'PUT',
    path: `${WATCHED}/watched-{n2}`,
    headers: { 'content-type': 'application/json' },
    body: configMapNamed('watched-{n2}', { sentAt: '{now}' }),
    from: 0,
    writers: 0,
    connections: 2,
    durationMs: scale.durationMs * 2,
    perSecond: rate,
  })
  if (failed > 0) throw new Error(`${target.name}: ${failed} of ${sent} failed: ${failure}`)
  const wroteMs = performance.now() - started
  await sleep(DRAIN_MS)
  const { deliveries, p99Ms, ended } = await watchers.watched()
  if (ended > 0) return { perSecond: 0, p99Ms: Number.POSITIVE_INFINITY, complete: false }
  const complete = deliveries >= sent * scale.watchers * DELIVERED_SHARE
  return { perSecond: (deliveries / (complete ? wroteMs : wroteMs + DRAIN_MS)) * 1000, p99Ms, complete }
}
