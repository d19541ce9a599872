// What a whole node costs when nothing happens: control plane and agent in one process, and containerd beside it; and
// how soon it is there. With pods that sleep, and without any.
//
//   ./brume bench idle [--seconds N] [--pods N]

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { PODS } from '@brume/client/builtin'
import { BUSYBOX_IMAGE, importBusybox } from '@brume/testkit/busybox-image'
import { eventually } from '@brume/testkit/eventually'
import { cpuSeconds, residentMib } from './api/process-stat.ts'
import { mebibytes, milliseconds, percent, Report } from './api/report.ts'
import { COMMAND } from './node/bare-pods.ts'
import { type BenchCloud, checkMachine, isReady, newDataDir, removeCloud, startCloud } from './node/cloud.ts'

const NAMESPACE = 'default'
/** Until what happens once after a start has happened. */
const SETTLE_MS = 15_000

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { seconds: { type: 'string', default: '60' }, pods: { type: 'string', default: '10' } },
    strict: false,
  })
  const [seconds, pods] = [Number(values.seconds), Number(values.pods)]
  checkMachine()
  const dataDir = newDataDir()
  const report = new Report()
  try {
    let cloud = await startCloud(dataDir)
    started(report, 'first start', cloud)
    await rest({ report, cloud, seconds, what: 'no pods' })
    await importBusybox(cloud.runtime)
    await addPods(cloud, pods)
    await rest({ report, cloud, seconds, what: `${pods} pods` })
    await cloud.end()
    cloud = await startCloud(dataDir)
    started(report, `next start, adopting ${pods} pods`, cloud)
    await cloud.end()
  } finally {
    await removeCloud(dataDir)
  }
  report.print()
}

function started(report: Report, what: string, { startMs }: BenchCloud): void {
  const row = (stage: string, ours: number) =>
    report.absolute({ what: `${what}: ${stage}`, ours, peer: undefined, format: milliseconds })
  row('"ready" is printed', startMs.api)
  row('the node is Ready', startMs.node)
}

interface Rest {
  report: Report
  cloud: BenchCloud
  seconds: number
  what: string
}

/** Brume's process, and containerd beside it as the peer. */
async function rest({ report, cloud, seconds, what }: Rest): Promise<void> {
  await sleep(SETTLE_MS)
  const [own, runtime] = [[cloud.pid], [cloud.containerdPid()]]
  const before = [cpuSeconds(own), cpuSeconds(runtime)] as const
  await sleep(seconds * 1000)
  const share = (pids: number[], from: number) => ((cpuSeconds(pids) - from) / seconds) * 100
  report.absolute({
    what: `CPU of one core, idle for ${seconds} s, ${what} (peer: containerd)`,
    most: 1,
    ours: share(own, before[0]),
    peer: share(runtime, before[1]),
    format: percent,
  })
  report.absolute({
    what: `resident memory, ${what} (peer: containerd)`,
    most: 150,
    ours: residentMib(own),
    peer: residentMib(runtime),
    format: mebibytes,
  })
}

async function addPods({ client }: BenchCloud, count: number): Promise<void> {
  const main = { name: 'main', image: BUSYBOX_IMAGE, imagePullPolicy: 'Never', command: COMMAND }
  for (let i = 0; i < count; i++) {
    await client.resource(PODS).create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `idle-${i}`, namespace: NAMESPACE },
      spec: { containers: [main], terminationGracePeriodSeconds: 0 },
    })
  }
  await eventually('all pods are ready', async () => {
    const { items } = await client.resource(PODS).list({ namespace: NAMESPACE })
    return items.filter(isReady).length === count
  })
}
