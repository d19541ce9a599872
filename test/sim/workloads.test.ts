// The scheduler and all controllers with many nodes and pods on bad connections, while people scale, roll out, delete
// and cordon, and the control plane is restarted. BRUME_SIM=full runs 1,000 nodes and 10,000 pods.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { GROUP, STRICT } from '@brume/api/placement'
import { StatusError } from '@brume/base/errors'
import { silentLogger } from '@brume/base/log'
import type { SeededRandom } from '@brume/base/seeded-random'
import { DAEMON_SETS, DEPLOYMENTS, JOBS, NAMESPACES, NODES, PODS, STATEFUL_SETS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'
import { type Transport, TransportError } from '@brume/client/transport'
import { startControllers } from '@brume/controllers/start'
import { type Cloud, createCloud } from './cloud.ts'
import { CALM, FaultyTransport, randomWeather, type Weather } from './faulty-transport.ts'
import { Fleet } from './fleet.ts'
import { forSeeds, SIM_TIMEOUT_MS } from './seeds.ts'
import { WorkloadRules } from './workload-rules.ts'

interface Scale {
  nodes: number
  deployments: number
  /** Of each Deployment. */
  replicas: number
  statefulSets: number
  members: number
  jobs: number
  steps: number
  leaseSeconds: number
}

const QUICK: Scale = {
  nodes: 20,
  deployments: 6,
  replicas: 25,
  statefulSets: 4,
  members: 4,
  jobs: 4,
  steps: 30,
  leaseSeconds: 20,
}
const FULL: Scale = {
  nodes: 1000,
  deployments: 40,
  replicas: 200,
  statefulSets: 50,
  members: 18,
  jobs: 100,
  steps: 60,
  leaseSeconds: 20,
}
const NS = 'sim'
/** Simulated: every back-off there is, one after another, and the eviction from lost nodes. */
const REST_LIMIT_MS = 60 * 60_000
const WATCH_EVERY_MS = 2_000

const isFull = process.env['BRUME_SIM'] === 'full'

test('never two pods of one ordinal, never over a limit, and always as it was asked for in the end', {
  timeout: isFull ? 3 * 3600_000 : SIM_TIMEOUT_MS,
}, async (t) => {
  const scale = isFull ? FULL : QUICK
  let pods = 0
  const seeds = await forSeeds(
    { quick: isFull ? 1 : 2, soak: 200, found: isFull ? [] : [7, 8] },
    async (random) => {
      pods += await simulate(random, scale)
    },
  )
  t.diagnostic(`${seeds} seeds, ${scale.nodes} nodes, ${pods} pods at the end`)
})

async function simulate(random: SeededRandom, scale: Scale): Promise<number> {
  const cloud = createCloud(random)
  const rules = new WorkloadRules(cloud.store)
  const weather = randomWeather(random)
  let plane = startPlane(cloud, weather, random)
  const chances = { evict: 0.01 }
  const fleet = new Fleet({
    clock: cloud.clock,
    random,
    client: cloud.faulty(weather),
    reliable: cloud.reliable,
    nodes: Array.from({ length: scale.nodes }, (_, n) => node(n)),
    leaseSeconds: scale.leaseSeconds,
    chances,
  })
  await cloud.clock.run(begin(cloud, fleet, scale))
  const unexpected: unknown[] = []
  const watching = watchOver(cloud, () => rules.checkRunning(fleet))
  for (let step = 0; step < scale.steps; step++) {
    const dice = random.next()
    if (dice < 0.04) cloud.restart()
    else if (dice < 0.07) await cloud.store.compact(cloud.store.revision)
    else if (dice < 0.12) {
      plane.kill()
      plane = startPlane(cloud, weather, random)
    } else {
      change(cloud, rules, random).catch((error) => {
        if (!(error instanceof StatusError) && !(error instanceof TransportError)) unexpected.push(error)
      })
    }
    await cloud.clock.advance(random.pick([10, 500, 2_000, 10_000]))
    assert.deepEqual(rules.violations, [])
  }
  Object.assign(weather, CALM)
  chances.evict = 0
  for (const { metadata } of rules.objects('nodes')) await cloud.clock.run(uncordon(cloud, metadata.name!))
  const rests = await rest(cloud, () => rules.unfinished(fleet).length === 0)
  assert.deepEqual(rules.violations, [])
  assert.ok(rests, `left: ${rules.unfinished(fleet).slice(0, 20).join('; ')}`)
  if (unexpected.length > 0) throw unexpected[0]
  assert.deepEqual(cloud.bugs, [])
  const count = rules.objects('pods').length
  watching.stop()
  await cloud.clock.run(Promise.all([plane.stop(), fleet.stop()]))
  await cloud.close()
  return count
}

/** Looks now and then: looking at everything after each event of thousands of pods would take longer than the rest. */
async function rest(cloud: Cloud, isWell: () => boolean): Promise<boolean> {
  const end = cloud.clock.now() + REST_LIMIT_MS
  while (cloud.clock.now() < end) {
    if (isWell()) return true
    await cloud.clock.advance(5_000)
  }
  return isWell()
}

function watchOver({ clock }: Cloud, look: () => void): { stop(): void } {
  let isStopped = false
  const next = () => {
    if (isStopped) return
    look()
    clock.after(WATCH_EVERY_MS, next)
  }
  next()
  return {
    stop() {
      isStopped = true
    },
  }
}

interface Plane {
  /** As when its process ends: nothing that is still on its way arrives. */
  kill(): void
  stop(): Promise<void>
}

function startPlane(cloud: Cloud, weather: Weather, random: SeededRandom): Plane {
  const { clock } = cloud
  let isDead = false
  const inner: Transport = {
    request(request) {
      if (isDead) return Promise.reject(new TransportError('Closed', 'the process has ended'))
      return cloud.reliable.transport.request(request)
    },
    close() {},
  }
  const client = new Client({ transport: new FaultyTransport({ inner, clock, random, weather }), clock })
  const running = startControllers({
    client,
    clock,
    random: () => random.next(),
    logger: silentLogger,
    rootCaPem: '',
  })
  return {
    kill() {
      isDead = true
      running.stop().catch(() => {})
    },
    stop: () => running.stop(),
  }
}

async function begin(cloud: Cloud, fleet: Fleet, scale: Scale): Promise<void> {
  const { reliable } = cloud
  for (const name of [NS, 'kube-node-lease']) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    await reliable.resource(NAMESPACES).create(namespace).catch(existsAlready)
  }
  await fleet.start()
  const make = (ref: ResourceRef, object: KubeObject) => reliable.resource(ref).create(object)
  const { deployments, replicas, statefulSets, members, jobs } = scale
  for (let i = 0; i < deployments; i++)
    await make(DEPLOYMENTS, workload('Deployment', `web-${i}`, { replicas }))
  for (let i = 0; i < statefulSets; i++) {
    const podManagementPolicy = i % 2 === 0 ? 'Parallel' : 'OrderedReady'
    const spec = { replicas: members, serviceName: 'db', podManagementPolicy }
    await make(STATEFUL_SETS, workload('StatefulSet', `db-${i}`, spec))
  }
  await make(DAEMON_SETS, workload('DaemonSet', 'agent', {}))
  for (let i = 0; i < jobs; i++) await make(JOBS, job(`job-${i}`))
}

function existsAlready(error: unknown): void {
  if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error
}

function node(n: number): KubeObject {
  const name = `n${n}`
  const group = n % 3 === 0 ? {} : { [GROUP]: 'pool', ...(n % 3 === 1 ? { [STRICT]: 'true' } : {}) }
  const lastHeartbeatTime = '2030-01-01T00:00:00Z'
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, zone: `z${n % 4}`, ...group } },
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '30' },
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready', lastHeartbeatTime },
      ],
    },
  }
}

/** Together about two thirds of what the nodes have. */
const REQUESTS = { cpu: '300m', memory: '600Mi' }

function podSpec(version: number, more: object = {}): object {
  const containers = [
    { name: 'main', image: `example.org/app:${version}`, resources: { requests: REQUESTS } },
  ]
  return { terminationGracePeriodSeconds: 5, containers, ...more }
}

function workload(kind: string, name: string, spec: object): KubeObject {
  const labels = { app: name }
  const requests = { cpu: '10m', memory: '16Mi' }
  const light = { containers: [{ name: 'main', image: 'example.org/agent:1', resources: { requests } }] }
  const template = { metadata: { labels }, spec: podSpec(1, kind === 'DaemonSet' ? light : {}) }
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: NS },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  }
}

function job(name: string): KubeObject {
  const template = { spec: podSpec(1, { restartPolicy: 'Never' }) }
  const spec = { completions: 3, parallelism: 2, backoffLimit: 100, template }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: NS }, spec }
}

/** One thing that a person does. */
async function change(cloud: Cloud, rules: WorkloadRules, random: SeededRandom): Promise<void> {
  const { reliable } = cloud
  const dice = random.next()
  const isSet = random.chance(0.4)
  const ref = isSet ? STATEFUL_SETS : DEPLOYMENTS
  const object = random.pick(rules.objects(isSet ? 'statefulsets.apps' : 'deployments.apps'))
  const key = { namespace: NS, name: object.metadata.name! }
  if (dice < 0.35) {
    const replicas = Math.max(1, object['spec'].replicas + random.below(7) - 3)
    await reliable.resource(ref).patch(key, { type: 'merge', body: { spec: { replicas } } })
  } else if (dice < 0.6) {
    const containers = [{ name: 'main', image: `example.org/app:${1 + random.below(5)}` }]
    const body = { spec: { template: { spec: { containers } } } }
    await reliable.resource(ref).patch(key, { type: 'strategic', body })
  } else if (dice < 0.85) {
    const pods = rules.objects('pods')
    if (pods.length === 0) return
    const { namespace, name } = random.pick(pods).metadata
    await reliable.resource(PODS).delete({ namespace: namespace!, name: name! })
  } else {
    const { name } = random.pick(rules.objects('nodes')).metadata
    const body = { spec: { unschedulable: random.chance(0.5) ? true : null } }
    await reliable.resource(NODES).patch({ name: name! }, { type: 'merge', body })
  }
}

async function uncordon({ reliable }: Cloud, name: string): Promise<void> {
  await reliable.resource(NODES).patch({ name }, { type: 'merge', body: { spec: { unschedulable: null } } })
}
