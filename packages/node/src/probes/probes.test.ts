import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { type Clock, systemClock } from '@brume/base/clock'
import { eventually } from '@brume/testkit/eventually'
import { type TestNodeContext, testNodeContext } from '../testing/node-context.ts'
import { type ScriptedRuntime, startScriptedRuntime } from '../testing/scripted-runtime.ts'
import type { ProbeSpec } from './check.ts'
import { type NodeProbes, nodeProbes } from './probes.ts'
import { firstVerdict, nextVerdict } from './verdict.ts'

describe('probes of containers', { timeout: 60_000 }, () => {
  let runtime: ScriptedRuntime
  let server: Server
  let context: TestNodeContext
  let probes: NodeProbes
  let turns: string[]
  let status = 200
  let asked: string[] = []
  /** A second of waiting is a tenth of one; how often timers are set is noted. */
  let timers = 0
  const clock: Clock = {
    now: systemClock.now,
    after: (delayMs, fn) => {
      timers++
      return systemClock.after(delayMs / 10, fn)
    },
  }

  before(async () => {
    runtime = await startScriptedRuntime()
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(status).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(async () => {
    probes?.stop()
    server?.closeAllConnections()
    server?.close()
    await runtime?.stop()
  })
  beforeEach(() => {
    probes?.stop()
    turns = []
    asked = []
    status = 200
    timers = 0
    context = testNodeContext({ root: '/nowhere', cri: runtime.cri, clock })
    probes = nodeProbes(context, { onResult: (uid) => void turns.push(uid) })
  })

  const probe = (path: string, more: ProbeSpec = {}): ProbeSpec => ({
    httpGet: { path, port: (server.address() as AddressInfo).port },
    timeoutSeconds: 10,
    periodSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
    ...more,
  })
  const podOf = (more: object = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ns', name: 'p', uid: 'u' },
    spec: { containers: [] },
    ...more,
  })
  const sync = (spec: object, pod = podOf(), id = 'c1') => {
    const running = {
      id,
      kind: 'app' as const,
      spec: { name: 'web', image: 'i', ...spec },
      startedAtMs: Date.now(),
    }
    probes.sync(pod, [running], '127.0.0.1')
  }
  const unhealthy = () => context.events.filter(({ reason }) => reason === 'Unhealthy')

  it('cost no timer where there are none', () => {
    sync({})
    assert.equal(timers, 0)
    assert.equal(probes.get('c1', 'readiness'), undefined)
  })

  it('make a container ready when its probe passes, and not ready after three failures in a row', async () => {
    sync({ readinessProbe: probe('/ready') })
    assert.equal(probes.get('c1', 'readiness'), undefined)
    await eventually('ready', () => probes.get('c1', 'readiness') === true)
    status = 503
    await eventually('not ready', () => probes.get('c1', 'readiness') === false)
    assert.equal(unhealthy().length, 3)
    assert.equal(unhealthy()[0]?.message, 'Readiness probe failed: HTTP probe failed with statuscode: 503')
    assert.equal(unhealthy()[0]?.subject.fieldPath, 'spec.containers{web}')
    status = 200
    await eventually('ready again', () => probes.get('c1', 'readiness') === true)
    assert.deepEqual(turns, ['u', 'u', 'u'])
  })

  it('see a container that has just started as soon as it is there, and say nothing of what came before', async () => {
    status = 503
    sync({ readinessProbe: probe('/ready', { periodSeconds: 60 }) })
    await eventually('two looks', () => asked.length >= 2)
    status = 200
    await eventually('ready', () => probes.get('c1', 'readiness') === true)
    assert.equal(unhealthy().length, 0)
    assert.equal(probes.counts()[0]?.failed, 0)
  })

  it('wait for the startup probe, which is not asked again once it has passed', async () => {
    status = 503
    sync({
      startupProbe: probe('/startup', { failureThreshold: 30 }),
      livenessProbe: probe('/live'),
      readinessProbe: probe('/ready'),
    })
    await eventually('some looks', () => asked.length >= 3)
    assert.deepEqual([...new Set(asked)], ['/startup'])
    status = 200
    await eventually('ready and alive', () => probes.get('c1', 'readiness') && probes.get('c1', 'liveness'))
    assert.equal(probes.get('c1', 'startup'), true)
    asked = []
    await eventually('more looks', () => asked.filter((path) => path === '/live').length >= 2)
    assert.equal(asked.includes('/startup'), false)
  })

  it('that say a container is dead are not asked again until there is another one', async () => {
    status = 500
    sync({ livenessProbe: probe('/live', { failureThreshold: 2 }) })
    assert.equal(probes.get('c1', 'liveness'), undefined)
    await eventually('dead', () => probes.get('c1', 'liveness') === false)
    const looks = asked.length
    assert.equal(looks, 2)
    status = 200
    sync({ livenessProbe: probe('/live') }, podOf(), 'c2')
    await eventually('alive', () => probes.get('c2', 'liveness') === true)
    assert.equal(probes.get('c1', 'liveness'), undefined)
  })

  it('do not kill a pod that leaves, and still say whether it is ready', async () => {
    const spec = { livenessProbe: probe('/live'), readinessProbe: probe('/ready') }
    sync(spec)
    await eventually('ready and alive', () => probes.get('c1', 'readiness') && probes.get('c1', 'liveness'))
    const leaving = podOf()
    leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    sync(spec, leaving)
    status = 500
    await eventually('not ready', () => probes.get('c1', 'readiness') === false)
    assert.equal(probes.get('c1', 'liveness'), true)
  })

  it('go on from what the pod’s status says of a container when the agent was restarted', () => {
    const containerStatuses = [{ name: 'web', containerID: 'containerd://c1', started: true, ready: true }]
    const pod = podOf({ status: { containerStatuses } })
    sync({ startupProbe: probe('/startup'), readinessProbe: probe('/ready') }, pod)
    assert.equal(probes.get('c1', 'startup'), true)
    assert.equal(probes.get('c1', 'readiness'), true)
    sync({ readinessProbe: probe('/ready') }, pod, 'c2')
    assert.equal(probes.get('c2', 'readiness'), undefined)
  })

  it('end with their pod', async () => {
    sync({ readinessProbe: probe('/ready') })
    await eventually('ready', () => probes.get('c1', 'readiness') === true)
    probes.remove('u')
    assert.equal(probes.get('c1', 'readiness'), undefined)
    assert.deepEqual(probes.counts(), [])
  })
})

describe('a verdict', () => {
  const thresholds = { success: 2, failure: 3 }
  const after = (looks: string, kind: 'readiness' | 'liveness' | 'startup') =>
    [...looks].reduce(
      (verdict, look) => nextVerdict(verdict, look === '+', { kind, thresholds }),
      firstVerdict(),
    )

  it('turns only when as many looks in a row agree as the threshold says', () => {
    assert.equal(after('+', 'readiness').value, undefined)
    assert.equal(after('++', 'readiness').value, true)
    assert.equal(after('++--+--', 'readiness').value, true)
    assert.equal(after('++---', 'readiness').value, false)
    assert.equal(after('++---+', 'readiness').value, false)
    assert.equal(after('++---++', 'readiness').value, true)
  })

  it('is final for a startup probe either way, and for a liveness probe that failed', () => {
    assert.equal(after('++', 'startup').isFinal, true)
    assert.equal(after('---', 'startup').isFinal, true)
    assert.equal(after('++', 'liveness').isFinal, false)
    assert.equal(after('---', 'liveness').isFinal, true)
    assert.equal(after('---', 'readiness').isFinal, false)
  })
})
