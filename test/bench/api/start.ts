// Start and rest: how soon it serves, what it holds and burns when nobody asks anything.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import { cpuSeconds, residentMib } from './process-stat.ts'
import { mebibytes, milliseconds, percent } from './report.ts'
import type { Target } from './target.ts'

export interface Starters {
  /** Starts on the data directory of that name; an unknown one is empty. */
  brume(name: string): Promise<Target>
  peer: ((name: string) => Promise<Target>) | undefined
}

type Start = (name: string) => Promise<Target>

/** Until a process that nobody asks for anything has given back what it will: V8 waits for eight quiet seconds. */
const REST_MS = 15_000

/** First starts, each on an empty directory, then starts on the last of these again. */
export async function readyEmpty(
  starters: Starters,
  { report, scale }: Pick<Bench, 'report' | 'scale'>,
): Promise<void> {
  const first: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
  const again: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
  for (let round = 0; round < scale.rounds; round++) {
    for (const who of ['ours', 'peer'] as const) {
      const start = who === 'ours' ? starters.brume : starters.peer
      if (start === undefined) continue
      first[who].push(await timeToReady(start, `start-${round}`))
      again[who].push(await timeToReady(start, `start-${round}`))
    }
  }
  const row = (what: string, { ours, peer }: { ours: number[]; peer: number[] }) =>
    report.absolute({ what, most: 300, ours: middle(ours)!, peer: middle(peer), format: milliseconds })
  row('ready: first start, data directory empty', first)
  row('ready: next start, no objects of users', again)
}

async function timeToReady(start: Start, name: string): Promise<number> {
  const target = await start(name)
  await target.stop()
  return target.readyMs
}

/** Ready again on the data that the load has left. Both targets are stopped before and running after. */
export async function readyWithObjects(
  starters: Starters,
  { report, scale }: Pick<Bench, 'report' | 'scale'>,
): Promise<{ ours: Target; peer: Target | undefined }> {
  const ours: number[] = []
  for (let round = 1; round < scale.rounds; round++) ours.push(await timeToReady(starters.brume, 'load'))
  const running = { ours: await starters.brume('load'), peer: await starters.peer?.('load') }
  report.absolute({
    what: `ready: with ${scale.objects} pods and what the load had written`,
    most: 600,
    ours: middle([...ours, running.ours.readyMs])!,
    peer: running.peer?.readyMs,
    format: milliseconds,
  })
  return running
}

/** CPU while nobody asks for anything. */
export async function idle({ ours, peer, report, scale }: Bench): Promise<void> {
  await rest()
  const before = { ours: cpuSeconds(ours.pids), peer: peer && cpuSeconds(peer.pids) }
  await sleep(scale.idleMs)
  const share = (target: Target, from: number) =>
    ((cpuSeconds(target.pids) - from) / (scale.idleMs / 1000)) * 100
  report.absolute({
    what: `CPU when idle, ${scale.idleMs / 1000} s, of one core`,
    most: 1,
    ours: share(ours, before.ours),
    peer: peer && share(peer, before.peer!),
    format: percent,
  })
  resident({ ours, peer, report }, 'resident memory, idle', 100)
}

/** Lets the targets come to rest. */
export const rest = () => sleep(REST_MS)

export function resident(
  { ours, peer, report }: Pick<Bench, 'ours' | 'peer' | 'report'>,
  what: string,
  most?: number,
): void {
  report.absolute({
    what,
    ...(most === undefined ? {} : { most }),
    ours: residentMib(ours.pids),
    peer: peer && residentMib(peer.pids),
    format: mebibytes,
  })
}

function middle(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
}
