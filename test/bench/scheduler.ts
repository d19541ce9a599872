// The scheduler against its goals: decisions over 1,000 nodes, and bindings that are durable, through the real API.
//
//   ./brume bench scheduler [--quick]

import { parseArgs } from 'node:util'
import type { KubeObject } from '@brume/api/object'
import { systemClock } from '@brume/base/clock'
import { createLogger } from '@brume/base/log'
import { seededRandom } from '@brume/base/seeded-random'
import { NAMESPACES, NODES, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { Informers } from '@brume/client/informers'
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

/** From the first pod's creation until the last one is seen bound, by the control plane's own scheduler. */
async function binds(scale: { nodes: number; binds: number }): Promise<void> {
  const plane = await startTestControlPlane()
  const { client } = plane
  const options = { client, clock: systemClock, random: Math.random, logger: createLogger('error') }
  const informers = new Informers(options)
  const done = Promise.withResolvers<void>()
  const bound = new Set<string>()
  const look = ({ metadata, spec }: KubeObject) => {
    if (spec.nodeName) bound.add(metadata.uid!)
    if (bound.size === scale.binds) done.resolve()
  }
  const giveUp = () => done.reject(new Error(`${bound.size} of ${scale.binds} pods were bound`))
  const timer = setTimeout(giveUp, LIMIT_MS)
  try {
    await addNodes(client, scale.nodes)
    informers.for(PODS).addHandler({ add: look, update: look })
    informers.start()
    await informers.synced()
    const began = performance.now()
    await addPods(client, scale.binds)
    await done.promise
    const what = `pods created and bound, ${scale.binds} over ${scale.nodes} nodes`
    print(what, scale.binds, performance.now() - began)
  } finally {
    clearTimeout(timer)
    await informers.stop()
    await plane.stop()
  }
}

async function addNodes(client: Client, count: number): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }
  await client.resource(NAMESPACES).create(namespace)
  await each(count, async (i) => {
    await client.resource(NODES).create(node(`n${i}`))
  })
}

/** They tolerate that no agent has found the nodes ready. */
async function addPods(client: Client, count: number): Promise<void> {
  const spec = { tolerations: [{ operator: 'Exists' }] }
  await each(count, async (i) => {
    await client.resource(PODS).create(pod(`p${i}`, { namespace: NAMESPACE, requests, spec }))
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
