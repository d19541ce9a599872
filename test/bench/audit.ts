// What the audit log costs: the same requests to two clouds in turns, one that records as it does by default and one that
// records nothing.
//
//   ./brume bench audit [--quick] [--dir DIR]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, compare, FULL, QUICK } from './api/bench.ts'
import { startBrume } from './api/brume.ts'
import { LoadProcess } from './api/load-process.ts'
import { CONFIG_MAPS, configMapNamed, PODS, podNamed } from './api/objects.ts'
import { Report } from './api/report.ts'
import { prepare } from './api/setup.ts'
import type { Target } from './api/target.ts'
import { throughputAndCpu } from './api/writes.ts'

const WRITERS = 16
const JSON_BODY = { 'content-type': 'application/json' }

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { quick: { type: 'boolean', default: false }, dir: { type: 'string', default: tmpdir() } },
    strict: false,
  })
  const dir = mkdtempSync(join(String(values.dir), 'brume-bench-audit-'))
  const load = new LoadProcess()
  const running: Target[] = []
  const start = async (name: string, options: readonly string[]) => {
    const target = { ...(await startBrume(join(dir, name), options)), name }
    running.push(target)
    return target
  }
  try {
    const [ours, peer] = [await start('recording', []), await start('not recording', ['--no-audit'])]
    const report = new Report()
    await measureAll({ ours, peer, load, report, scale: values.quick ? QUICK : FULL })
    process.stdout.write('brume: with the audit log; peer: with --no-audit\n')
    report.print()
  } finally {
    load.stop()
    for (const target of running) await target.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function measureAll(bench: Bench & { peer: Target }): Promise<void> {
  const accounts = new Map([
    [bench.ours, (await prepare(bench.ours)).limited],
    [bench.peer, (await prepare(bench.peer)).limited],
  ])
  const auth = (target: Target) => accounts.get(target)!
  const write = { method: 'POST', headers: JSON_BODY, writers: WRITERS, auth }
  const maps = await compare(bench, { ...write, path: CONFIG_MAPS, body: configMapNamed('load-{n}') })
  throughputAndCpu(bench.report, 'POST ConfigMap, 16 writers', maps, {})
  const pods = await compare(bench, { ...write, path: PODS, body: podNamed('load-{n}') })
  throughputAndCpu(bench.report, 'POST pod, 16 writers', pods, {})
  const reads = await compare(bench, { method: 'GET', path: `${CONFIG_MAPS}/web`, writers: WRITERS, auth })
  throughputAndCpu(bench.report, 'GET ConfigMap, 16 readers (not recorded)', reads, {})
}
