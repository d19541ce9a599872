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
  wordsOf,
} from '../testing/observed.ts'
import { decideContainers } from './decide-containers.ts'

function decide(pod: ReturnType<typeof podOf>, options: ObservedOptions = {}) {
  const observed = observedOf(pod, options)
  const { actions, requeueAfterMs } = decideContainers(observed, pod, observed.sandboxes[0]!, NOW)
  return { actions, words: wordsOf(actions), requeueAfterMs }
}

function words(pod: ReturnType<typeof podOf>, options: ObservedOptions = {}): string[] {
  return decide(pod, options).words
}

const two = { containers: [specOf('a'), specOf('b')] }
const BACKOFF = { backoffs: new Map([['a', { delayMs: 40_000 }]]) }

test('all containers of a pod start at once', () => {
  assert.deepEqual(words(podOf(two)), ['start a#0', 'start b#0'])
})

test('nothing is started twice', () => {
  assert.deepEqual(words(podOf(two), { memory: { running: ['start:a'] } }), ['start b#0'])
  assert.deepEqual(words(podOf(two), { containers: [container('a'), container('b')] }), [])
})

for (const [policy, exitCode, restarts] of [
  ['Always', 0, true],
  ['Always', 1, true],
  ['OnFailure', 0, false],
  ['OnFailure', 1, true],
  ['Never', 0, false],
  ['Never', 1, false],
] as const) {
  test(`${policy} ${restarts ? 'starts' : 'does not start'} a container again that ended with ${exitCode}`, () => {
    const containers = [exited('a', exitCode), container('b')]
    assert.deepEqual(
      words(podOf({ ...two, restartPolicy: policy }, {}), { containers }),
      restarts ? ['start a#1'] : [],
    )
  })
}

test('a crash loop waits for its back-off, and says so once', () => {
  const containers = [exited('a', 1, { attempt: 2 })]
  const first = decide(podOf(), { containers, memory: BACKOFF })
  assert.deepEqual(first.words, ['event BackOff'])
  assert.equal(first.requeueAfterMs, 30_000)
  const told = { containerStatuses: [{ name: 'a', state: { waiting: { reason: 'CrashLoopBackOff' } } }] }
  assert.deepEqual(words(podOf({}, { status: told }), { containers, memory: BACKOFF }), [])
})

test('each restart doubles the back-off of the next', () => {
  const finishedAtMs = NOW - 40_000
  const containers = [exited('a', 1, { attempt: 2, finishedAtMs })]
  const { actions } = decide(podOf(), { containers, memory: BACKOFF })
  assert.deepEqual(
    actions.map((action) => action.type === 'startContainer' && [action.attempt, action.backoff]),
    [[3, { delayMs: 80_000 }]],
  )
})

test('a new image does not wait for the back-off of the old one', () => {
  const containers = [exited('a', 1, { specHash: 'a:0' })]
  assert.deepEqual(words(podOf(), { containers, memory: BACKOFF }), ['start a#1'])
})

test('a setback is waited for as long as it asks', () => {
  const setbacks = new Map([
    ['start:a', { reason: 'ErrImagePull', message: '', retryAtMs: NOW + 5000, tries: 3 }],
  ])
  const { words: none, requeueAfterMs } = decide(podOf(), { memory: { setbacks } })
  assert.deepEqual([none, requeueAfterMs], [[], 5000])
})

test('a container in an unknown state is killed before another of its name may start', () => {
  const containers = [container('a', { state: 'unknown' })]
  assert.deepEqual(words(podOf(), { containers }), ['kill a-0 in 0 s'])
})

test('one that was made and not started is removed, and its number used again', () => {
  assert.deepEqual(words(podOf(), { containers: [container('a', { state: 'created' })] }), ['remove a-0'])
  const containers = [container('a', { state: 'created', attempt: 1 }), exited('a', 1)]
  assert.deepEqual(words(podOf(), { containers }), ['remove a-1'])
  assert.deepEqual(words(podOf(), { containers: containers.slice(1) }), ['start a#1'])
})

test('one that was made just now may be started yet by the agent before: that is waited for', () => {
  const containers = [container('a', { state: 'created', createdAtMs: NOW - 1000 })]
  const { words: none, requeueAfterMs } = decide(podOf(), { containers })
  assert.deepEqual([none, requeueAfterMs], [[], 29_000])
})

test('one that is being started by its operation is left alone', () => {
  const containers = [container('a', { state: 'created' })]
  assert.deepEqual(words(podOf(), { containers, memory: { running: ['start:a'] } }), [])
})

test('a container that still runs in a sandbox that goes is not started a second time', () => {
  const containers = [container('a', { sandboxId: 'old' })]
  assert.deepEqual(words(podOf(), { containers }), [])
})

test('what the runtime has forgotten, the API still counts', () => {
  const known = { name: 'a', state: { running: {} }, containerID: 'containerd://x', restartCount: 4 }
  const pod = podOf({}, { status: { containerStatuses: [known] } })
  assert.deepEqual(words(pod), ['start a#5'])
  assert.deepEqual(words(pod, { containers: [exited('a', 1)] }), ['start a#5'])
})

test('a container that ended for good is not run again because the runtime has forgotten it', () => {
  const known = { name: 'a', state: { terminated: { exitCode: 0 } } }
  for (const restartPolicy of ['OnFailure', 'Never']) {
    const pod = podOf({ ...two, restartPolicy }, { status: { containerStatuses: [known] } })
    assert.deepEqual(words(pod), ['start b#0'])
  }
})

const initialized = { initContainers: [specOf('i'), specOf('j')] }

for (const [title, containers, expected] of [
  ['the first init container comes first', [], ['start i#0']],
  ['nothing else while it runs', [container('i')], []],
  ['the second when the first has ended well', [exited('i', 0)], ['start j#0']],
  ['the first again when it failed', [exited('i', 1)], ['start i#1']],
  ['the containers when all have ended well', [exited('i', 0), exited('j', 0)], ['start a#0']],
  [
    'the last that ended well is enough, when the runtime has dropped the others',
    [exited('j', 0)],
    ['start a#0'],
  ],
  ['none of them again while the containers run', [container('a')], []],
  ['none of them again when a container has ended', [exited('a', 1), exited('i', 0)], ['start a#1']],
] as const) {
  test(`initialization: ${title}`, () => {
    assert.deepEqual(words(podOf(initialized), { containers }), expected)
  })
}

test('in a new sandbox, the pod is initialized again', () => {
  const before = { sandboxId: 'old' }
  const containers = [exited('a', 137, before), exited('i', 0, before), exited('j', 0, before)]
  assert.deepEqual(words(podOf(initialized), { containers }), ['start i#1'])
})

const withSidecar = { initContainers: [sidecarOf('s'), specOf('i')] }
const probed = { initContainers: [sidecarOf('s', { startupProbe: {} }), specOf('i')] }

for (const [title, spec, options, expected] of [
  ['starts in its turn', withSidecar, {}, ['start s#0']],
  ['is passed once it runs', withSidecar, { containers: [container('s')] }, ['start i#0']],
  ['is waited for while its startup probe has not passed', probed, { containers: [container('s')] }, []],
  [
    'is passed once its startup probe has passed',
    probed,
    { containers: [container('s')], probes: { 's-0/startup': true } },
    ['start i#0'],
  ],
  [
    'is waited for while its postStart hook runs',
    withSidecar,
    { containers: [container('s')], memory: { hooked: new Set(['s-0']) } },
    [],
  ],
  ['starts again whatever the code', withSidecar, { containers: [exited('s', 0)] }, ['start s#1']],
  [
    'starts again beside init containers that come after it',
    withSidecar,
    { containers: [exited('s', 1), container('i')] },
    ['start s#1'],
  ],
  [
    'does not hold back those after it when it ends later',
    withSidecar,
    { containers: [exited('s', 1), exited('i', 0)] },
    ['start s#1', 'start a#0'],
  ],
  [
    'starts again beside the containers',
    withSidecar,
    { containers: [exited('s', 1), exited('i', 0), container('a')] },
    ['start s#1'],
  ],
  ['starts again when the runtime has lost it', withSidecar, { containers: [container('a')] }, ['start s#0']],
] as [string, Record<string, unknown>, ObservedOptions, string[]][]) {
  test(`a sidecar ${title}`, () => {
    assert.deepEqual(words(podOf({ ...spec, restartPolicy: 'OnFailure' }), options), expected)
  })
}

test('ephemeral containers start whatever else happens, and only once', () => {
  const pod = podOf({ ...initialized, ephemeralContainers: [specOf('d')] })
  assert.deepEqual(words(pod, { containers: [container('i')] }), ['start d#0'])
  assert.deepEqual(words(pod, { containers: [container('i'), exited('d', 1)] }), [])
})

const live = {
  containers: [specOf('a', { livenessProbe: { terminationGracePeriodSeconds: 3 }, startupProbe: {} })],
}

test('a failed liveness or startup probe ends the container, with the probe’s own grace', () => {
  for (const [probe, grace] of [
    ['liveness', 3],
    ['startup', 20],
  ] as const) {
    const { actions } = decide(podOf({ ...live, terminationGracePeriodSeconds: 20 }), {
      containers: [container('a')],
      probes: { [`a-0/${probe}`]: false },
    })
    assert.deepEqual(wordsOf(actions), [`stop a-0 in ${grace} s`])
    assert.equal(
      actions[0]?.type === 'stopContainer' && actions[0].message,
      `Container a failed ${probe} probe, will be restarted`,
    )
  }
})

test('nobody promises a restart that the policy does not grant', () => {
  const { actions } = decide(podOf({ ...live, restartPolicy: 'Never' }), {
    containers: [container('a')],
    probes: { 'a-0/liveness': false },
  })
  assert.equal(
    actions[0]?.type === 'stopContainer' && actions[0].message,
    'Container a failed liveness probe',
  )
})

test('a container whose image was changed is replaced, whatever the restart policy', () => {
  const pod = podOf({ restartPolicy: 'Never' })
  const stop = decide(pod, { containers: [container('a', { specHash: 'a:0' })] })
  assert.deepEqual(
    stop.actions.map((action) => action.type === 'stopContainer' && [action.replace, action.message]),
    [[true, 'Container a definition changed, will be restarted']],
  )
  const containers = [exited('a', 0, { specHash: 'a:0' })]
  assert.deepEqual(words(pod, { containers }), [])
  assert.deepEqual(words(pod, { containers, memory: { replaced: new Set(['a-0']) } }), ['start a#1'])
})

test('a running init container is left to end, though its image was changed', () => {
  assert.deepEqual(words(podOf(initialized), { containers: [container('i', { specHash: 'i:0' })] }), [])
})

test('a stop that is under way is not begun again', () => {
  const options = { containers: [container('a', { specHash: 'a:0' })], memory: { running: ['stop:a-0/30'] } }
  assert.deepEqual(words(podOf(), options), [])
})

test('the sandbox of the pod is the one containers start in', () => {
  const { actions } = decide(podOf(), { sandboxes: [sandbox({ id: 's1', attempt: 1 }), sandbox()] })
  assert.equal(actions[0]?.type === 'startContainer' && actions[0].sandbox.id, 's1')
})
