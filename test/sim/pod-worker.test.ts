// The pod worker against a runtime and an API server that lose, delay and refuse calls, while containers end, sandboxes
// are lost, users create, change and delete pods, and the agent is killed again and again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@brume/base/errors'
import type { SeededRandom } from '@brume/base/seeded-random'
import { NAMESPACES, PODS, SERVICE_ACCOUNTS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import type { Pod } from '@brume/node/contract'
import { type Behaviour, SimulatedRuntime } from '@brume/node/testing/simulated-runtime'
import { type Cloud, createCloud } from './cloud.ts'
import { CALM, randomWeather } from './faulty-transport.ts'
import { PodRules } from './pod-rules.ts'
import { forSeeds, SIM_TIMEOUT_MS } from './seeds.ts'
import { type SimulatedAgent, type Surroundings, startAgent } from './simulated-node.ts'

const SERVED = ['pods', 'namespaces', 'serviceaccounts', 'events']
const NAMES = ['a', 'b', 'c', 'd']
const STEPS = 80
/** Simulated: the longest back-off is five minutes, and some go through several. */
const CONVERGENCE_LIMIT_MS = 60 * 60_000
const QUIET_MS = 10 * 60_000
const LONGEST_END_MS = 40_000

test('pods start in order, run once, end when they should, and rest when nothing happens', {
  timeout: SIM_TIMEOUT_MS,
}, async (t) => {
  let started = 0
  const seeds = await forSeeds({ quick: 25, soak: 3_000, found: [99, 167, 537] }, async (random) => {
    started += await simulate(random)
  })
  assert.ok(seeds === 1 || started > 0)
  t.diagnostic(`${seeds} seeds, ${started} containers started`)
})

/** How many containers were started. */
async function simulate(random: SeededRandom): Promise<number> {
  const cloud = createCloud(random, { kinds: SERVED })
  const { clock } = cloud
  await prepare(cloud)
  const weather = randomWeather(random)
  const often = () => random.pick([0, 0.02, 0.1, 0.3])
  const behaviour: Behaviour = {
    runs: ({ config }) => {
      const isInit = config.metadata?.name?.startsWith('i')
      if (!isInit && random.chance(0.4)) return undefined
      return { ms: random.pick([0, 10, 1000, 60_000]), exitCode: random.chance(0.5) ? 0 : 1 }
    },
    endsWithinMs: () => random.pick([0, 100, 5000, LONGEST_END_MS]),
    failStart: often(),
    failSandbox: often(),
    loseRequest: often(),
    loseAnswer: often(),
    loseEvent: often(),
    maxDelayMs: random.pick([0, 20, 2000]),
  }
  const surroundings: Surroundings = {
    failImage: often(),
    failVolumes: often(),
    failHook: often(),
    failProbe: often(),
    maxWorkMs: random.pick([0, 100, 30_000]),
  }
  const runtime = new SimulatedRuntime({ clock, random, behaviour })
  const rules = new PodRules(runtime)
  const disk = new Set<string>()
  const start = () =>
    startAgent({
      clock,
      random,
      runtime,
      client: counted(cloud, cloud.faulty(weather), rules),
      surroundings,
      disk,
    })
  let agent = start()
  for (let step = 0; step < STEPS; step++) {
    const dice = random.next()
    if (dice < 0.04) {
      agent.kill()
      agent = start()
    } else if (dice < 0.06) cloud.restart()
    else if (dice < 0.14) breakSomething(runtime, random)
    else await clock.run(change(cloud.reliable, random, { agent, rules }))
    await clock.advance(random.pick([0, 1, 50, 500, 5_000, 60_000]))
    rules.look(await pods(cloud))
    assert.deepEqual(rules.violations, [])
  }
  Object.assign(weather, CALM)
  Object.assign(behaviour, {
    failStart: 0,
    failSandbox: 0,
    loseRequest: 0,
    loseAnswer: 0,
    loseEvent: 0,
    maxDelayMs: 0,
  })
  Object.assign(behaviour, {
    runs: ({ config }: { config: { metadata?: { name?: string } } }) =>
      config.metadata?.name?.startsWith('i') ? { ms: 10, exitCode: 0 } : undefined,
  })
  Object.assign(surroundings, { failImage: 0, failVolumes: 0, failHook: 0, failProbe: 0, maxWorkMs: 0 })
  // What runs still ends as it was going to: after that, containers run for ever.
  let now: Pod[] = []
  const end = clock.now() + CONVERGENCE_LIMIT_MS
  do {
    await clock.advance(10_000)
    now = await pods(cloud)
    rules.look(now)
  } while (rules.unrest(now, disk).length > 0 && clock.now() < end)
  assert.deepEqual(rules.violations, [])
  assert.deepEqual(rules.unrest(now, disk), [])
  // The agent's own view may be behind by one broken watch.
  await clock.advance(QUIET_MS)
  await restIsQuiet(cloud, rules)
  const before = runtime.running().map(({ id }) => id)
  agent.kill()
  agent = start()
  const { started } = rules
  await clock.advance(QUIET_MS)
  assert.equal(rules.started, started)
  await restIsQuiet(cloud, rules)
  assert.deepEqual(
    runtime.running().map(({ id }) => id),
    before,
  )
  assert.deepEqual(cloud.bugs, [])
  agent.kill()
  await cloud.close()
  return rules.started
}

/** Nothing is started, stopped or written while nothing happens. */
async function restIsQuiet(cloud: Cloud, rules: PodRules): Promise<void> {
  const { started } = rules
  rules.writes = []
  await cloud.clock.advance(QUIET_MS)
  assert.deepEqual(rules.writes, [])
  assert.equal(rules.started, started)
}

async function prepare({ clock, reliable }: Cloud): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  }
  await clock.run(reliable.resource(NAMESPACES).create(namespace))
  await clock.run(reliable.resource(SERVICE_ACCOUNTS).create(account))
}

/** The agent's writes are told to the rules. */
function counted({ clock }: Cloud, client: Client, rules: PodRules): Client {
  const { transport } = client
  return new Client({
    clock,
    transport: {
      request(request) {
        if (request.method !== 'GET') rules.writes.push(`${request.method} ${request.path} ${request.body}`)
        return transport.request(request)
      },
      close() {},
    },
  })
}

async function pods({ clock, reliable }: Cloud): Promise<Pod[]> {
  return (await clock.run(reliable.resource<Pod>(PODS).list())).items
}

/** A container or a sandbox ends without anybody asking. */
function breakSomething(runtime: SimulatedRuntime, random: SeededRandom): void {
  const sandboxes = [...runtime.sandboxes.values()].filter(({ ready }) => ready)
  const running = runtime.running()
  if (random.chance(0.3) && sandboxes.length > 0) runtime.loseSandbox(random.pick(sandboxes))
  else if (running.length > 0) runtime.end(random.pick(running), random.pick([0, 1, 137]))
}

/** One thing that a user, or the node under pressure, does. */
async function change(
  client: Client,
  random: SeededRandom,
  { agent, rules }: { agent: SimulatedAgent; rules: PodRules },
): Promise<void> {
  const resource = client.resource<Pod>(PODS)
  const at = { namespace: 'default', name: random.pick(NAMES) }
  const dice = random.next()
  try {
    if (dice < 0.5) rules.created(await resource.create(randomPod(at.name, random)))
    else if (dice < 0.75) {
      const gracePeriodSeconds = random.pick([undefined, undefined, 0, 1, 30])
      await resource.delete(at, gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds })
    } else if (dice < 0.85) {
      const body = { spec: { containers: [{ name: 'x', image: `x:${random.below(3)}` }] } }
      rules.changed(await resource.patch(at, { type: 'strategic', body }))
    } else if (dice < 0.9) agent.condemn((await resource.get(at)).metadata.uid ?? '')
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
  }
}

function randomPod(name: string, random: SeededRandom): Pod {
  const maybe = (field: string, value: unknown) => (random.chance(0.3) ? { [field]: value } : {})
  const exec = { exec: { command: ['true'] } }
  const container = (of: string) => ({
    name: of,
    image: `${of}:0`,
    ...maybe('startupProbe', exec),
    ...maybe('readinessProbe', exec),
    ...maybe('livenessProbe', exec),
    ...maybe('lifecycle', { postStart: exec, preStop: exec }),
  })
  const step = (of: string) => ({ name: of, image: `${of}:0` })
  const sidecar = (of: string) => ({ ...container(of), restartPolicy: 'Always' })
  const initContainers = random.pick([
    [],
    [],
    [step('i1')],
    [step('i1'), step('i2')],
    [sidecar('s1'), step('i1')],
    [step('i1'), sidecar('s1'), sidecar('s2')],
  ])
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name },
    spec: {
      nodeName: 'n1',
      restartPolicy: random.pick(['Always', 'OnFailure', 'Never']),
      terminationGracePeriodSeconds: random.pick([0, 1, 30]),
      automountServiceAccountToken: false,
      initContainers,
      containers: random.pick([[container('x')], [container('x'), container('y')]]),
      ...maybe('activeDeadlineSeconds', 100),
    },
  }
}
