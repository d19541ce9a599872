// The scheduler against its goals: at least 20,000 decisions/s over 1,000 nodes (one thread, no API), and at least 1,000
// bindings/s that are durable, through the real API (all controllers run, and the client shares the process).
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
    ? { nodes: 1_000, pods: 4_000, binds: 3_000 }
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
  const measured = stopwatch()
  for (const object of pods) {
    const info = podInfoOf(object)
    const placed = place(info, snapshot, { random })
    if (placed.node === undefined) throw new Error('the benchmark asks for more than its nodes have')
    snapshot.putPod(info, placed.node)
  }
  const what = `${scale.pods} pods ${spread ? 'with a spread constraint ' : ''}over ${scale.nodes} nodes`
  measured(`decisions, ${what}`, pods.length)
}

/** By the control plane's own scheduler: of pods that wait for nodes, and of pods that are created meanwhile. */
async function binds(scale: { nodes: number; binds: number }): Promise<void> {
  const plane = await startTestControlPlane()
  const { client } = plane
  const options = { client, clock: systemClock, random: Math.random, logger: createLogger('error') }
  const informers = new Informers(options)
  const bound = new BoundPods()
  try {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }
    await client.resource(NAMESPACES).create(namespace)
    informers.for(PODS).addHandler({ add: (pod) => bound.see(pod), update: (pod) => bound.see(pod) })
    informers.start()
    await informers.synced()
    await addPods(client, 'waiting', scale.binds)
    await addNodes(client, scale.nodes)
    // Binding begins with the first node: what is left counts.
    const left = scale.binds - bound.count
    const waited = stopwatch()
    await bound.reach(scale.binds)
    const over = `over ${scale.nodes} nodes`
    waited(`durable binds, ${left} pods that wait ${over}`, left)
    const made = stopwatch()
    await addPods(client, 'new', scale.binds)
    await bound.reach(2 * scale.binds)
    made(`pods created and bound durably, ${scale.binds} ${over}`, scale.binds)
  } finally {
    await informers.stop()
    await plane.stop()
  }
}

class BoundPods {
  readonly #uids = new Set<string>()
  #goal = Number.POSITIVE_INFINITY
  #reached = () => {}

  get count(): number {
    return this.#uids.size
  }

  see({ metadata, spec }: KubeObject): void {
    if (spec.nodeName) this.#uids.add(metadata.uid!)
    if (this.count >= this.#goal) this.#reached()
  }

  async reach(goal: number): Promise<void> {
    if (this.count >= goal) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#goal = goal
    this.#reached = resolve
    const giveUp = () => reject(new Error(`${this.count} of ${goal} pods were bound`))
    const timer = setTimeout(giveUp, LIMIT_MS)
    await promise.finally(() => clearTimeout(timer))
  }
}

async function addNodes(client: Client, count: number): Promise<void> {
  await each(count, async (i) => {
    await client.resource(NODES).create(node(`n${i}`))
  })
}

/** They tolerate that no agent has found the nodes ready. */
async function addPods(client: Client, name: string, count: number): Promise<void> {
  const spec = { tolerations: [{ operator: 'Exists' }] }
  await each(count, async (i) => {
    await client.resource(PODS).create(pod(`${name}-${i}`, { namespace: NAMESPACE, requests, spec }))
  })
}

async function each(count: number, call: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await call(next++)
  }
  await Promise.all(Array.from({ length: WRITERS }, worker))
}

/** Prints how many there were in a second, and in a second of this process's CPU: the machine may be busy otherwise. */
function stopwatch(): (what: string, count: number) => void {
  const began = performance.now()
  const before = process.cpuUsage()
  return (what, count) => {
    const ms = performance.now() - began
    const { user, system } = process.cpuUsage(before)
    print(what, count, ms)
    print('  for each second of CPU', count, (user + system) / 1_000)
  }
}

function print(what: string, count: number, ms: number): void {
  process.stdout.write(`${what.padEnd(64)} ${Math.round((count * 1000) / ms)}/s\n`)
}
