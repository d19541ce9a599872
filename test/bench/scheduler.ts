// The scheduler against its goals: decisions over 1,000 nodes, and bindings that are durable, through the real API.
//
//   ./brume bench scheduler [--quick]

import { parseArgs } from 'node:util'
import { systemClock } from '@brume/base/clock'
import { createLogger } from '@brume/base/log'
import { seededRandom } from '@brume/base/seeded-random'
import { NAMESPACES, NODES, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { runController } from '@brume/client/controller'
import { Informers } from '@brume/client/informers'
import { scheduler } from '@brume/controllers/scheduling/controller'
import { cluster, node, pod } from '@brume/scheduler/fixtures'
import { place } from '@brume/scheduler/place'
import { podInfoOf } from '@brume/scheduler/pod-info'
import { startTestControlPlane } from '@brume/testkit/control-plane'

const SEED = 1
const KINDS = 50
const NAMESPACE = 'bench'
const WRITERS = 32
const LIMIT_MS = 300_000

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { quick: { type: 'boolean', default: false } },
    strict: false,
  })
  const scale = values.quick
    ? { nodes: 1_000, pods: 2_000, binds: 500 }
    : { nodes: 1_000, pods: 10_000, binds: 5_000 }
  for (const spread of [false, true]) decisions(scale, spread)
  await binds(scale)
}

const requests = { cpu: '100m', memory: '128Mi' }

/** Each decision takes effect before the next one, as it would in a cluster. */
function decisions(scale: { nodes: number; pods: number }, spread: boolean): void {
  const nodes = Array.from({ length: scale.nodes }, (_, i) =>
    node(`n${i}`, { labels: { zone: `z${i % 3}` } }),
  )
  const pods = Array.from({ length: scale.pods }, (_, i) => {
    const labels = { app: `a${i % KINDS}` }
    const constraint = {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: labels },
    }
    return pod(`p${i}`, { requests, labels, spec: spread ? { topologySpreadConstraints: [constraint] } : {} })
  })
  const snapshot = cluster({ nodes })
  const random = seededRandom(SEED)
  const began = performance.now()
  const cpu = process.cpuUsage()
  for (const object of pods) {
    const info = podInfoOf(object)
    const placed = place(info, snapshot, { random })
    if (placed.node === undefined) throw new Error('the benchmark asks for more than its nodes have')
    snapshot.putPod(info, placed.node)
  }
  const { user, system } = process.cpuUsage(cpu)
  const what = `${scale.pods} pods ${spread ? 'with a spread constraint ' : ''}over ${scale.nodes} nodes`
  print(`decisions, ${what}`, pods.length, performance.now() - began)
  print(`  for each second of CPU`, pods.length, (user + system) / 1_000)
}

/** Pods that are there already, until the last one is seen bound. */
async function binds(scale: { nodes: number; binds: number }): Promise<void> {
  const plane = await startTestControlPlane()
  const { client } = plane
  const logger = createLogger('error')
  const shared = { client, clock: systemClock, random: Math.random, logger }
  const informers = new Informers(shared)
  try {
    await fill(client, scale)
    const done = Promise.withResolvers<void>()
    let bound = 0
    informers.for(PODS).addHandler({
      update({ spec }, before) {
        if (spec.nodeName && !before['spec'].nodeName && ++bound === scale.binds) done.resolve()
      },
    })
    const timer = setTimeout(
      () => done.reject(new Error(`${bound} of ${scale.binds} pods were bound`)),
      LIMIT_MS,
    )
    const running = runController(scheduler({ ...shared, informers }), { clock: systemClock, logger })
    informers.start()
    await running.ready
    const began = performance.now()
    await done.promise
    print(
      `durable binds, ${scale.binds} pods over ${scale.nodes} nodes`,
      scale.binds,
      performance.now() - began,
    )
    clearTimeout(timer)
    await running.stop()
  } finally {
    await informers.stop()
    await plane.stop()
  }
}

async function fill(client: Client, scale: { nodes: number; binds: number }): Promise<void> {
  await client
    .resource(NAMESPACES)
    .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
  await each(scale.nodes, async (i) => {
    await client.resource(NODES).create(node(`n${i}`))
  })
  // A new node is tainted until something finds it ready.
  const tolerations = [{ operator: 'Exists' }]
  await each(scale.binds, async (i) => {
    await client
      .resource(PODS)
      .create(pod(`p${i}`, { namespace: NAMESPACE, requests, spec: { tolerations } }))
  })
}

async function each(count: number, call: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await call(next++)
  }
  await Promise.all(Array.from({ length: WRITERS }, worker))
}

function print(what: string, count: number, ms: number): void {
  process.stdout.write(`${what.padEnd(64)} ${Math.round((count * 1000) / ms)}/s\n`)
}
