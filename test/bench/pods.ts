// How long a pod takes from its creation until it is Running and Ready, over the whole way: API, scheduler, agent,
// containerd, status, watch. The peer is containerd alone: the same pods by bare calls of the runtime, in turn with ours.
// What is left is Brume's own share.
//
//   ./brume bench pods [--quick]

import { parseArgs } from 'node:util'
import type { KubeObject } from '@brume/api/object'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { Informer } from '@brume/client/informer'
import { BUSYBOX_IMAGE, importBusybox } from '@brume/testkit/busybox-image'
import { milliseconds, Report } from './api/report.ts'
import { type BarePods, barePods, COMMAND } from './node/bare-pods.ts'
import { checkMachine, isReady, newDataDir, quantile, removeCloud, startCloud } from './node/cloud.ts'

const NAMESPACE = 'default'
const READY_LIMIT_MS = 120_000
/** The first ones load what is loaded once. */
const WARM_UP = 3
const SHARE_GOAL_MS = 20

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { quick: { type: 'boolean', default: false } },
    strict: false,
  })
  const scale = values.quick ? { pods: 10, burst: 30 } : { pods: 40, burst: 100 }
  checkMachine()
  const dataDir = newDataDir()
  try {
    const cloud = await startCloud(dataDir)
    await importBusybox(cloud.runtime)
    const bare = barePods(dataDir, cloud.runtime.socket)
    const pods = new ReadyPods(cloud.client)
    await pods.start()
    const report = new Report()
    try {
      await oneAtATime({ pods, bare, report, count: scale.pods })
      await burst({ pods, bare, report, count: scale.burst })
    } finally {
      await pods.stop()
      bare.close()
    }
    report.print()
    await cloud.end()
  } finally {
    await removeCloud(dataDir)
  }
}

interface Race {
  pods: ReadyPods
  bare: BarePods
  report: Report
  count: number
}

async function oneAtATime({ pods, bare, report, count }: Race): Promise<void> {
  const [ours, peer]: [number[], number[]] = [[], []]
  for (let i = 0; i < WARM_UP + count; i++) {
    const [whole, calls] = [await pods.time(`one-${i}`), await timeBare(bare, `one-${i}`)]
    if (i < WARM_UP) continue
    ours.push(whole)
    peer.push(calls)
  }
  for (const [what, part, most] of [
    ['p50', 0.5, 150],
    ['p95', 0.95, 300],
  ] as const) {
    report.absolute({
      what: `pod, created to Ready, one at a time, ${what}`,
      most,
      ours: quantile(ours, part),
      peer: quantile(peer, part),
      format: milliseconds,
    })
  }
  report.absolute({
    what: "Brume's own share of the p50: what the bare calls do not take",
    most: SHARE_GOAL_MS,
    ours: quantile(ours, 0.5) - quantile(peer, 0.5),
    peer: undefined,
    format: milliseconds,
  })
}

async function timeBare(bare: BarePods, name: string): Promise<number> {
  const began = performance.now()
  const id = await bare.start(name)
  const ms = performance.now() - began
  await bare.remove(id)
  return ms
}

/** All at once: how long until the last one is Ready. */
async function burst({ pods, bare, report, count }: Race): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `burst-${i}`)
  const began = performance.now()
  await Promise.all(names.map((name) => pods.create(name)))
  await Promise.all(names.map((name) => pods.ready(name)))
  const ours = performance.now() - began
  await Promise.all(names.map((name) => pods.remove(name)))
  const bareBegan = performance.now()
  const ids = await Promise.all(names.map((name) => bare.start(name)))
  const peer = performance.now() - bareBegan
  await Promise.all(ids.map((id) => bare.remove(id)))
  report.absolute({
    what: `burst of ${count} pods, until the last is Ready`,
    ours,
    peer,
    format: milliseconds,
  })
}

/** Creates pods and hears of them as any client does: over HTTPS, by watch. */
class ReadyPods {
  readonly #client: Client
  readonly #informer: Informer
  readonly #waiting = new Map<string, (pod: KubeObject | undefined) => void>()

  constructor(client: Client) {
    this.#client = client
    this.#informer = new Informer({
      resource: client.resource(PODS),
      namespace: NAMESPACE,
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    })
  }

  async start(): Promise<void> {
    this.#informer.addHandler({
      add: (pod) => this.#waiting.get(pod.metadata.name!)?.(pod),
      update: (pod) => this.#waiting.get(pod.metadata.name!)?.(pod),
      delete: (pod) => this.#waiting.get(pod.metadata.name!)?.(undefined),
    })
    this.#informer.start()
    await this.#informer.synced()
  }

  async stop(): Promise<void> {
    await this.#informer.stop()
  }

  /** Milliseconds from the request to its being Ready; then it is removed. */
  async time(name: string): Promise<number> {
    const began = performance.now()
    await this.create(name)
    await this.ready(name)
    const ms = performance.now() - began
    await this.remove(name)
    return ms
  }

  async create(name: string): Promise<void> {
    const main = { name: 'main', image: BUSYBOX_IMAGE, imagePullPolicy: 'Never', command: COMMAND }
    await this.#client.resource(PODS).create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE },
      spec: { containers: [main], terminationGracePeriodSeconds: 0 },
    })
  }

  async ready(name: string): Promise<void> {
    await this.#until(name, 'Ready', (pod) => pod !== undefined && isReady(pod))
  }

  async remove(name: string): Promise<void> {
    const gone = this.#until(name, 'gone', (pod) => pod === undefined)
    await this.#client.resource(PODS).delete({ namespace: NAMESPACE, name }, { gracePeriodSeconds: 1 })
    await gone
  }

  async #until(name: string, what: string, is: (pod: KubeObject | undefined) => boolean): Promise<void> {
    const known = this.#informer.store.list().find(({ metadata }) => metadata.name === name)
    if (what !== 'gone' && is(known)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = () => reject(new Error(`pod ${name} was not ${what} within ${READY_LIMIT_MS} ms`))
    const timer = setTimeout(giveUp, READY_LIMIT_MS)
    this.#waiting.set(name, (pod) => is(pod) && resolve())
    await promise.finally(() => clearTimeout(timer))
    this.#waiting.delete(name)
  }
}
