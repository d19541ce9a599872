// Many watchers of one collection that changes: how late events come, and how many can be delivered.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import { LoadProcess } from './load-process.ts'
import { configMapNamed, WATCHED } from './objects.ts'
import { milliseconds, perSecond } from './report.ts'
import type { Target } from './target.ts'

const RATE = 100
/** Tried one after the other until deliveries fall behind, or no longer do. */
const HIGHER_RATES = [200, 300, 400, 500, 600, 800, 1_000, 1_500]
const LOWER_RATES = [50, 25, 10, 5]
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
  const steady = await withWatchers(bench, target, async (watchers) => {
    await at(bench, target, { rate: RATE, watchers })
    return at(bench, target, { rate: RATE, watchers })
  })
  // Who cannot keep up cuts its watchers, so that each try needs new ones.
  const rates = steady.complete ? HIGHER_RATES : LOWER_RATES
  let most = steady.perSecond
  for (const rate of rates) {
    const reached = await withWatchers(bench, target, (watchers) => at(bench, target, { rate, watchers }))
    most = Math.max(most, reached.perSecond)
    const isSaturated = !reached.complete || reached.p99Ms > SATURATED_MS
    if (isSaturated === steady.complete) break
  }
  return { steady, most }
}

/** Watchers have a process of their own, so that writers are not late because of them. */
async function withWatchers<T>(
  { scale }: Bench,
  { url, admin }: Target,
  use: (watchers: LoadProcess) => Promise<T>,
): Promise<T> {
  const watchers = new LoadProcess()
  try {
    await watchers.watch({
      url,
      auth: admin,
      path: `${WATCHED}?watch=1`,
      watchers: scale.watchers,
      connections: Math.ceil(scale.watchers / STREAMS_PER_CONNECTION),
    })
    const result = await use(watchers)
    await watchers.unwatch()
    return result
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
  const { deliveries, p99Ms, ended, why } = await watchers.watched()
  if (ended > 0) {
    process.stderr.write(`  ... ${target.name} at ${rate} events/s: ${ended} watches ended: ${why}\n`)
    return { perSecond: 0, p99Ms: Number.POSITIVE_INFINITY, complete: false }
  }
  const complete = deliveries >= sent * scale.watchers * DELIVERED_SHARE
  return { perSecond: (deliveries / (complete ? wroteMs : wroteMs + DRAIN_MS)) * 1000, p99Ms, complete }
}
