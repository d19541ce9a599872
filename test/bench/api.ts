// The API server against its goals: start, writes, reads, lists, watches, memory and CPU. Every server is a child
// process; the load comes from further ones. With a kube-apiserver, the same requests go to both in turns.
//
//   ./brume bench api [--quick] [--kube-apiserver PATH] [--etcd PATH] [--dir DIR]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, FULL, QUICK } from './api/bench.ts'
import { startBrume } from './api/brume.ts'
import type { Auth } from './api/connection.ts'
import { eventLoopP99Ms } from './api/event-loop.ts'
import { kubeVersion, startKubeApiserver } from './api/kube-apiserver.ts'
import { LoadProcess } from './api/load-process.ts'
import { gets, lists } from './api/reads.ts'
import { milliseconds, Report } from './api/report.ts'
import { fillPods, prepare } from './api/setup.ts'
import { idle, readyEmpty, readyWithObjects, resident, rest, type Starters } from './api/start.ts'
import type { Target } from './api/target.ts'
import { watches } from './api/watches.ts'
import { configMaps, pods } from './api/writes.ts'
import { findEtcd, startEtcd } from './etcd.ts'

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      'kube-apiserver': { type: 'string' },
      etcd: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
    },
  })
  const dir = mkdtempSync(join(values.dir, 'brume-bench-api-'))
  const found = findEtcd(values.etcd)
  const etcd = 'path' in found ? found.path : undefined
  const apiserver = etcd === undefined ? undefined : values['kube-apiserver']
  print(`etcd: ${'path' in found ? found.path : `SKIPPED: ${found.missing}`}`)
  print(
    `kube-apiserver: ${apiserver === undefined ? 'none (--kube-apiserver PATH)' : kubeVersion(apiserver)}`,
  )
  const running = new Set<Target>()
  const starters: Starters = {
    brume: (name) => startBrume(join(dir, `brume-${name}`)).then((target) => noted(running, target)),
    peer:
      apiserver === undefined
        ? undefined
        : (name) =>
            startKubeApiserver({ apiserver, etcd: etcd! }, join(dir, `peer-${name}`)).then((target) =>
              noted(running, target),
            ),
  }
  const load = new LoadProcess()
  const report = new Report()
  try {
    await measureAll(starters, { load, report, scale: values.quick ? QUICK : FULL }, { etcd, dir })
    report.print()
  } finally {
    load.stop()
    for (const target of running) await target.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The target, known to `running` while it runs. */
function noted(running: Set<Target>, target: Target): Target {
  running.add(target)
  const stop = async () => {
    running.delete(target)
    await target.stop()
  }
  return { ...target, stop }
}

async function measureAll(
  starters: Starters,
  shared: Pick<Bench, 'load' | 'report' | 'scale'>,
  { etcd, dir }: { etcd: string | undefined; dir: string },
): Promise<void> {
  step('starting')
  await readyEmpty(starters, shared)
  let bench: Bench = { ...shared, ours: await starters.brume('load'), peer: await starters.peer?.('load') }
  step('idling')
  await idle(bench)
  step(`writing ${shared.scale.objects} pods`)
  let limited = await prepareAll(bench)
  for (const target of targetsOf(bench)) await fillPods(bench, target)
  resident(bench, `resident memory, ${shared.scale.objects} pods just written`)
  step('starting with objects')
  for (const target of targetsOf(bench)) await target.stop()
  bench = { ...shared, ...(await readyWithObjects(starters, shared)) }
  limited = await prepareAll(bench)
  await rest()
  resident(bench, `resident memory, ${shared.scale.objects} pods, started again`, 250)
  step('reading')
  await gets(bench, limited)
  await lists(bench)
  resident(bench, 'resident memory, after all these lists')
  step('watching')
  await watches(bench)
  step('writing')
  await eventLoopP99Ms(bench)
  await pods(bench, limited)
  const loopMs = await eventLoopP99Ms(bench)
  const store = etcd === undefined ? undefined : await startEtcd(etcd, join(dir, 'etcd'))
  try {
    await configMaps(bench, store)
  } finally {
    await store?.stop()
  }
  shared.report.absolute({ what: 'event loop p99 during POST pod', ours: loopMs, format: milliseconds })
  resident(bench, 'resident memory, at the end')
}

async function prepareAll(bench: Bench): Promise<(target: Target) => Auth> {
  const accounts = new Map<Target, Auth>()
  for (const target of targetsOf(bench)) accounts.set(target, (await prepare(target)).limited)
  return (target) => accounts.get(target)!
}

const targetsOf = ({ ours, peer }: Bench) => (peer === undefined ? [ours] : [ours, peer])

function step(what: string): void {
  process.stderr.write(`  ... ${what}\n`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
