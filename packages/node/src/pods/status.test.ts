import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  container,
  exited,
  NOW,
  type ObservedOptions,
  observedOf,
  podOf,
  sandbox,
  sidecarOf,
  specOf,
} from '../testing/observed.ts'
import type { Condition } from './conditions.ts'
import type { ContainerStatusObject } from './records.ts'
import { statusOf } from './status.ts'

type Status = Record<string, unknown> & {
  conditions: Condition[]
  containerStatuses: ContainerStatusObject[]
  initContainerStatuses: ContainerStatusObject[]
}

function status(pod: ReturnType<typeof podOf>, options: ObservedOptions = {}): Status {
  return statusOf(observedOf(pod, options), pod, NOW) as Status
}

/** `Ready=False ContainersNotReady`, ... of one status. */
function conditions(of: Status): Record<string, string> {
  return Object.fromEntries(
    of.conditions.map(({ type, status: value, reason, message }) => [
      type,
      [value, reason, message].filter((word) => word !== undefined).join(' '),
    ]),
  )
}

const RUNNING = { state: { running: { startedAt: '2026-01-01T11:59:00Z' } } }
const DELETED = { deletionTimestamp: '2026-01-01T12:00:30Z', deletionGracePeriodSeconds: 30 }

test('a pod that has nothing yet waits for its containers to be created', () => {
  const found = status(podOf(), { sandboxes: [] })
  assert.equal(found['phase'], 'Pending')
  assert.equal(found['startTime'], '2026-01-01T12:00:00Z')
  assert.equal(found['hostIP'], '192.0.2.1')
  assert.equal(found['podIP'], undefined)
  assert.deepEqual(found.containerStatuses, [
    {
      name: 'a',
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: {},
      ready: false,
      restartCount: 0,
      image: 'a:1',
      imageID: '',
      started: false,
    },
  ])
  assert.deepEqual(conditions(found), {
    PodReadyToStartContainers: 'False',
    Initialized: 'True',
    Ready: 'False ContainersNotReady containers with unready status: [a]',
    ContainersReady: 'False ContainersNotReady containers with unready status: [a]',
    PodScheduled: 'True',
  })
})

test('a pod whose containers run is running and ready, at its sandbox’s address', () => {
  const found = status(podOf(), { containers: [container('a')] })
  assert.equal(found['phase'], 'Running')
  assert.deepEqual([found['podIP'], found['podIPs']], ['10.1.0.2', [{ ip: '10.1.0.2' }]])
  assert.deepEqual(found.containerStatuses[0], {
    name: 'a',
    ...RUNNING,
    lastState: {},
    ready: true,
    restartCount: 0,
    image: 'a:1',
    imageID: 'sha256:a',
    containerID: 'containerd://a-0',
    started: true,
  })
  assert.deepEqual(conditions(found), {
    PodReadyToStartContainers: 'True',
    Initialized: 'True',
    Ready: 'True',
    ContainersReady: 'True',
    PodScheduled: 'True',
  })
})

test('a pod in the host’s network has the addresses of its node', () => {
  const found = status(podOf({ hostNetwork: true }), {
    sandboxes: [sandbox({ ips: [] })],
    hostIps: ['192.0.2.1', '2001:db8::1', '192.0.2.7'],
  })
  assert.deepEqual(found['podIPs'], [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }])
  assert.equal(conditions(found)['PodReadyToStartContainers'], 'True')
})

test('a condition keeps its time as long as its status is the same', () => {
  const known = [
    { type: 'Ready', status: 'True', lastTransitionTime: '2025-01-01T00:00:00Z' },
    { type: 'Initialized', status: 'False', lastTransitionTime: '2025-01-01T00:00:00Z' },
  ]
  const found = status(podOf({}, { status: { conditions: known } }), { containers: [container('a')] })
  const time = (type: string) => found.conditions.find((one) => one.type === type)?.lastTransitionTime
  assert.equal(time('Ready'), '2025-01-01T00:00:00Z')
  assert.equal(time('Initialized'), '2026-01-01T12:00:00Z')
})

test('readiness gates of others hold a pod back until they are true', () => {
  const gates = { readinessGates: [{ conditionType: 'example.com/a' }, { conditionType: 'example.com/b' }] }
  const gate = (value: string) => ({ conditions: [{ type: 'example.com/a', status: value }] })
  const containers = [container('a')]
  assert.equal(
    conditions(status(podOf(gates, { status: gate('False') }), { containers }))['Ready'],
    'False ReadinessGatesNotReady the status of pod readiness gate "example.com/a" is not "True", but False, corresponding condition of pod readiness gate "example.com/b" does not exist.',
  )
  const one = { readinessGates: gates.readinessGates.slice(0, 1) }
  assert.equal(conditions(status(podOf(one, { status: gate('True') }), { containers }))['Ready'], 'True')
})

test('a container is ready when its startup and readiness probes have passed', () => {
  const probed = podOf({ containers: [specOf('a', { startupProbe: {}, readinessProbe: {} })] })
  const of = (probes: Record<string, boolean>) => {
    const { started, ready } =
      status(probed, { containers: [container('a')], probes }).containerStatuses[0] ?? {}
    return [started, ready]
  }
  assert.deepEqual(of({}), [false, false])
  assert.deepEqual(of({ 'a-0/readiness': true }), [false, false])
  assert.deepEqual(of({ 'a-0/startup': true }), [true, false])
  assert.deepEqual(of({ 'a-0/startup': true, 'a-0/readiness': true }), [true, true])
})

test('what the status says of this very container holds until it is probed again', () => {
  const spec = specOf('a', { startupProbe: {}, readinessProbe: {} })
  const of = (containerID: string, probes: Record<string, boolean> = {}) => {
    const containerStatuses = [{ name: 'a', containerID, started: true, ready: true, ...RUNNING }]
    const pod = podOf({ containers: [spec] }, { status: { containerStatuses } })
    const { started, ready } =
      status(pod, { containers: [container('a')], probes }).containerStatuses[0] ?? {}
    return [started, ready]
  }
  assert.deepEqual(of('containerd://a-0'), [true, true])
  assert.deepEqual(of('containerd://a-0', { 'a-0/readiness': false }), [true, false])
  assert.deepEqual(of('containerd://other'), [false, false])
})

test('a pod that is being deleted stays as ready as its probes say', () => {
  const found = status(podOf({}, { metadata: DELETED }), { containers: [container('a')] })
  assert.equal(conditions(found)['Ready'], 'True')
  assert.equal(found['phase'], 'Running')
})

test('a container runs when its postStart hook is done, not before', () => {
  const memory = { hooked: new Set(['a-0']) }
  const found = status(podOf(), { containers: [container('a')], memory })
  assert.deepEqual(found.containerStatuses[0]?.['state'], { waiting: { reason: 'ContainerCreating' } })
  assert.equal(found['phase'], 'Pending')
})

test('containers wait while the pod is initialized, one init container after the other', () => {
  const pod = podOf({ initContainers: [specOf('i'), specOf('j')] })
  const found = status(pod, { containers: [exited('i', 0)] })
  assert.deepEqual(
    [...found.initContainerStatuses, ...found.containerStatuses].map(({ state, ready }) => [
      state.waiting?.reason ?? state.terminated?.reason,
      ready,
    ]),
    [
      ['Completed', true],
      ['PodInitializing', false],
      ['PodInitializing', false],
    ],
  )
  assert.equal(
    conditions(found)['Initialized'],
    'False ContainersNotInitialized containers with incomplete status: [j]',
  )
})

test('sidecars count for readiness, and an initialized pod waits for them to have started', () => {
  const pod = podOf({ initContainers: [sidecarOf('s', { startupProbe: {} })] })
  const starting = status(pod, { containers: [container('s')] })
  assert.equal(
    conditions(starting)['Initialized'],
    'False ContainersNotInitialized containers with incomplete status: [s]',
  )
  const containers = [container('a'), exited('s', 1)]
  assert.equal(
    conditions(status(pod, { containers }))['Ready'],
    'False ContainersNotReady containers with unready status: [s]',
  )
})

test('what went wrong at the start is why a container waits', () => {
  const setback = { reason: 'ErrImagePull', message: 'no such image', retryAtMs: NOW + 1000, tries: 1 }
  const found = status(podOf(), { memory: { setbacks: new Map([['start:a', setback]]) } })
  assert.deepEqual(found.containerStatuses[0]?.['state'], {
    waiting: { reason: 'ErrImagePull', message: 'no such image' },
  })
})

test('a crash loop is told with its delay, and how the container ended last', () => {
  const memory = {
    backoffs: new Map([['a', { delayMs: 40_000 }]]),
    setbacks: new Map([
      ['start:a', { reason: 'RunContainerError', message: 'm', retryAtMs: NOW + 1, tries: 1 }],
    ]),
  }
  const crashed = exited('a', 1, { attempt: 3, message: 'out of luck' })
  const found = status(podOf(), { containers: [crashed], memory })
  assert.equal(found['phase'], 'Running')
  const [one] = found.containerStatuses
  assert.deepEqual(one?.['state'], {
    waiting: {
      reason: 'CrashLoopBackOff',
      message: 'back-off 40s restarting failed container=a pod=p_default(u1)',
    },
  })
  assert.deepEqual(one?.['lastState'], {
    terminated: {
      exitCode: 1,
      reason: 'Error',
      message: 'out of luck',
      startedAt: '2026-01-01T11:59:00Z',
      finishedAt: '2026-01-01T11:59:50Z',
      containerID: 'containerd://a-3',
    },
  })
  assert.equal(one?.['restartCount'], 3)
})

test('a container that is being started again at once is no crash loop', () => {
  const memory = { backoffs: new Map([['a', { delayMs: 10_000 }]]), running: ['start:a'] }
  const containers = [exited('a', 1, { finishedAtMs: NOW })]
  assert.deepEqual(Object.keys(status(podOf(), { containers, memory }).containerStatuses[0]?.['state']), [
    'terminated',
  ])
  const loop = { reason: 'CrashLoopBackOff', message: 'm' }
  const told = podOf({}, { status: { containerStatuses: [{ name: 'a', state: { waiting: loop } }] } })
  assert.deepEqual(status(told, { containers, memory }).containerStatuses[0]?.['state'], { waiting: loop })
})

test('a container that runs again shows how the one before ended', () => {
  const containers = [container('a', { attempt: 1 }), exited('a', 137, { reason: 'OOMKilled' })]
  const [one] = status(podOf(), { containers }).containerStatuses
  assert.equal(one?.['lastState'].terminated.reason, 'OOMKilled')
  assert.equal(one?.['restartCount'], 1)
})

test('one that was made and never started says nothing', () => {
  const containers = [container('a', { attempt: 1, state: 'created' }), exited('a', 1)]
  const [one] = status(podOf(), { containers }).containerStatuses
  assert.equal(one?.['containerID'], 'containerd://a-0')
  assert.equal(one?.['restartCount'], 0)
  assert.equal(one?.['state'].terminated.exitCode, 1)
})

test('a container that the runtime has lost has ended, and its restarts stay counted', () => {
  const known = { name: 'a', ...RUNNING, containerID: 'containerd://x', restartCount: 4, lastState: {} }
  const pod = podOf({}, { status: { phase: 'Running', containerStatuses: [known] } })
  const found = status(pod)
  const [one] = found.containerStatuses
  assert.equal(one?.['state'].waiting.reason, 'ContainerCreating')
  assert.equal(one?.['lastState'].terminated.reason, 'ContainerStatusUnknown')
  assert.equal(one?.['restartCount'], 4)
  assert.equal(found['phase'], 'Running')
})

test('restart counts never fall, whatever the runtime has forgotten', () => {
  const pod = podOf({}, { status: { containerStatuses: [{ name: 'a', ...RUNNING, restartCount: 7 }] } })
  assert.equal(status(pod, { containers: [container('a')] }).containerStatuses[0]?.['restartCount'], 7)
})

test('an init container that has to run again in a new sandbox stays as it ended, where the API insists', () => {
  const ended = { name: 'i', state: { terminated: { exitCode: 0 } }, ready: true, restartCount: 0 }
  const status_ = { phase: 'Running', initContainerStatuses: [ended] }
  const spec = { restartPolicy: 'OnFailure', initContainers: [specOf('i')] }
  const containers = [container('i', { attempt: 1 })]
  assert.deepEqual(status(podOf(spec, { status: status_ }), { containers }).initContainerStatuses, [ended])
})

test('the end of a deleted pod has an exit code for each of its containers', () => {
  const pod = podOf({ containers: [specOf('a'), specOf('b')] }, { metadata: DELETED })
  const found = status(pod, { sandboxes: [sandbox({ ready: false })], containers: [exited('a', 0)] })
  assert.equal(found['phase'], 'Failed')
  assert.deepEqual(
    found.containerStatuses.map(({ state }) => state.terminated.reason),
    ['Completed', 'ContainerStatusUnknown'],
  )
  assert.equal(conditions(found)['Ready'], 'False PodFailed')
})

test('a deleted pod whose containers ended well has succeeded', () => {
  const found = status(podOf({}, { metadata: DELETED }), { containers: [exited('a', 0)] })
  assert.equal(found['phase'], 'Succeeded')
})

test('containers of a deleted pod that never was initialized go on waiting', () => {
  const pod = podOf({ initContainers: [specOf('i')] }, { metadata: DELETED })
  const found = status(pod, { containers: [exited('i', 1)] })
  assert.equal(found['phase'], 'Failed')
  assert.deepEqual(Object.keys(found.containerStatuses[0]?.['state']), ['waiting'])
})

test('a verdict is told at once, and makes the phase Failed when nothing runs any more', () => {
  const verdict = { reason: 'Evicted', message: 'The node was low on resource: memory.', graceSeconds: 0 }
  const before = { status: { phase: 'Running' } }
  const during = status(podOf({}, before), { containers: [container('a')], memory: { verdict } })
  assert.deepEqual([during['phase'], during['reason']], ['Running', 'Evicted'])
  assert.equal(
    conditions(during)['DisruptionTarget'],
    'True TerminationByKubelet The node was low on resource: memory.',
  )
  const after = status(podOf({}, before), { containers: [exited('a', 0)], memory: { verdict } })
  assert.equal(after['phase'], 'Failed')
})

test('a phase is not final while a container is replaced for its new image', () => {
  const pod = podOf({ restartPolicy: 'Never' }, { status: { phase: 'Running' } })
  const options = { containers: [exited('a', 143)], memory: { replaced: new Set(['a-0']) } }
  assert.equal(status(pod, options)['phase'], 'Running')
})

test('a phase is not final while a sidecar or a debugger still runs', () => {
  const spec = { restartPolicy: 'Never', initContainers: [sidecarOf('s'), specOf('i')] }
  const containers = [container('s'), exited('i', 1)]
  assert.equal(status(podOf(spec), { containers })['phase'], 'Pending')
  const debugged = podOf({ restartPolicy: 'Never', ephemeralContainers: [specOf('d')] })
  const both = [exited('a', 0), container('d')]
  assert.equal(status(debugged, { containers: both })['phase'], 'Pending')
  assert.equal(status(debugged, { containers: [exited('a', 0), exited('d', 0)] })['phase'], 'Succeeded')
})
