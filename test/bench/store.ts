// Durable writes of the store against etcd: same disk, same run, same keys and values, in turns. Then what the store
// promises by itself: the event loop stays free while the disk is slow, and a start with 10,000 objects is quick.
//
//   ./brume bench store [--etcd PATH] [--seconds N] [--dir DIR]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { COMMIT_DELAY_MS, makeFaults } from '@brume/store/sqlite/faults'
import { openSqliteStore } from '@brume/store/sqlite/open'
import { findEtcd, startEtcd } from './etcd.ts'
import { type Measured, measure, medianRound } from './writers.ts'

const WRITERS = [1, 16, 64]
const ROUNDS = 5
/** About a pod. */
const VALUE = Buffer.alloc(2_000, 'v')
const KEYS = 10_000
const FILLED_AT_ONCE = 100
const SLOW_DISK_MS = 10

type Write = (n: number) => Promise<unknown>

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      etcd: { type: 'string' },
      seconds: { type: 'string', default: '1.5' },
      dir: { type: 'string', default: tmpdir() },
    },
  })
  const dir = mkdtempSync(join(values.dir, 'brume-bench-store-'))
  const durationMs = Number(values.seconds) * 1000
  try {
    await againstEtcd({ dir, durationMs, etcd: values.etcd })
    await slowDisk(join(dir, 'slow'), durationMs)
    await start(join(dir, 'start'))
  } finally {
    rmSync(dir, { recursive: true })
  }
}

async function againstEtcd(options: { dir: string; durationMs: number; etcd: string | undefined }) {
  const { dir, durationMs } = options
  const found = findEtcd(options.etcd)
  const etcd = 'path' in found ? await startEtcd(found.path, join(dir, 'etcd')) : undefined
  const store = await openSqliteStore({ dir: join(dir, 'store') })
  const client = etcd?.connect()
  try {
    print(
      `durable writes of ${VALUE.byteLength} bytes over ${KEYS} keys, closed loop, median of ${ROUNDS} rounds:`,
    )
    print('  store: called in this process, as the API server does')
    if ('missing' in found) print(`  etcd: SKIPPED: ${found.missing}`)
    else
      print(
        `  ${etcd?.version}: one member, gRPC over one loopback connection, as an API server would call it`,
      )
    // Every key exists before the first round, so that all rounds do the same: update.
    await fill(storeWrite(store))
    if (client) await fill((n) => client.put(keyOf(n), VALUE))
    for (const writers of WRITERS) {
      const ours: Measured[] = []
      const theirs: Measured[] = []
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await measure({ writers, durationMs, write: storeWrite(store) }))
        if (client)
          theirs.push(await measure({ writers, durationMs, write: (n) => client.put(keyOf(n), VALUE) }))
      }
      printRow(writers, medianRound(ours), client && medianRound(theirs))
    }
  } finally {
    client?.close()
    await store.close()
    await etcd?.stop()
  }
}

async function slowDisk(dir: string, durationMs: number): Promise<void> {
  const faults = makeFaults()
  const store = await openSqliteStore({ dir, faults })
  Atomics.store(faults, COMMIT_DELAY_MS, SLOW_DISK_MS)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const measured = await measure({ writers: 64, durationMs, write: storeWrite(store) })
  delay.disable()
  // The histogram counts the whole interval of its own timer; what exceeds the interval is the delay.
  const p99Ms = Math.max(0, delay.percentile(99) / 1e6 - 1)
  print(
    `each commit ${SLOW_DISK_MS} ms slower, 64 writers: ${describe(measured)}; event loop p99 ${p99Ms.toFixed(1)} ms`,
  )
  await store.close()
}

async function start(dir: string): Promise<void> {
  const filling = await openSqliteStore({ dir })
  await fill(storeWrite(filling))
  await filling.close()
  const before = process.memoryUsage.rss()
  const started = performance.now()
  const store = await openSqliteStore({ dir })
  const tookMs = performance.now() - started
  const grownMib = (process.memoryUsage.rss() - before) / 2 ** 20
  print(
    `open with ${KEYS} objects: ${tookMs.toFixed(0)} ms, resident memory grows by ${grownMib.toFixed(0)} MiB`,
  )
  await store.close()
}

async function fill(write: Write): Promise<void> {
  for (let n = 0; n < KEYS; n += FILLED_AT_ONCE) {
    await Promise.all(Array.from({ length: FILLED_AT_ONCE }, (_, i) => write(n + i)))
  }
}

function storeWrite(store: Awaited<ReturnType<typeof openSqliteStore>>): Write {
  const encode = () => ({ value: VALUE })
  return (n) => store.commit({ kind: 'put', key: keyOf(n), expect: undefined, encode })
}

function keyOf(n: number): string {
  return `pods/default/web-${(n * 7919) % KEYS}`
}

function printRow(writers: number, ours: Measured, theirs: Measured | undefined): void {
  print(`  ${String(writers).padStart(2)} writers  store ${describe(ours)}`)
  if (theirs === undefined) return
  print(`              etcd  ${describe(theirs)}`)
  const throughput = (ours.perSecond / theirs.perSecond).toFixed(1)
  const p99 = (ours.p99Ms / theirs.p99Ms).toFixed(2)
  print(`              ratio: ${throughput} x the throughput, ${p99} x the p99 latency`)
}

function describe({ perSecond, p50Ms, p99Ms }: Measured): string {
  return `${perSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
