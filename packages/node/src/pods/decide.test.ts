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
import { decidePod } from './decide.ts'
import type { PodMemory } from './records.ts'

function decide(pod: ReturnType<typeof podOf> | undefined, options: ObservedOptions = {}) {
  const plan = decidePod(observedOf(pod, options), NOW)
  return { ...plan, words: wordsOf(plan.actions) }
}

function words(pod: ReturnType<typeof podOf> | undefined, options: ObservedOptions = {}): string[] {
  return decide(pod, options).words.filter((word) => word !== 'writeStatus')
}

const gone = sandbox({ ready: false })
const DELETED = { deletionTimestamp: '2026-01-01T12:00:30Z', deletionGracePeriodSeconds: 30 }
const never = { restartPolicy: 'Never' }

test('a new pod gets a sandbox, and its first status', () => {
  assert.deepEqual(decide(podOf(), { sandboxes: [] }).words, ['sandbox #0', 'writeStatus'])
})

test('while the sandbox is being made nothing else is', () => {
  assert.deepEqual(words(podOf(), { sandboxes: [], memory: { running: ['sandbox'] } }), [])
})

test('a sandbox that could not be made is tried again after its setback', () => {
  const setbacks = new Map([
    ['sandbox', { reason: 'FailedCreatePodSandBox', message: '', retryAtMs: NOW + 2000, tries: 2 }],
  ])
  const plan = decide(podOf(), { sandboxes: [], memory: { setbacks } })
  assert.deepEqual([words(podOf(), { sandboxes: [], memory: { setbacks } }), plan.requeueAfterMs], [[], 2000])
})

test('a pod as it should be, told as it is, asks for nothing', () => {
  const options = { containers: [container('a')] }
  const { actions } = decide(podOf(), options)
  const written = actions.find((action) => action.type === 'writeStatus')
  assert.ok(written)
  const pod = podOf({}, { status: written.status })
  const quiet = decidePod(observedOf(pod, options), NOW + 3_600_000)
  assert.deepEqual(wordsOf(quiet.actions), [])
  assert.equal(quiet.requeueAfterMs, undefined)
})

test('a lost sandbox is replaced when its containers have been stopped', () => {
  const running = decide(podOf(), { sandboxes: [gone], containers: [container('a')] })
  assert.deepEqual(running.words, ['stop a-0 in 30 s', 'writeStatus'])
  const { actions } = decide(podOf(), { sandboxes: [gone], containers: [exited('a', 137)] })
  assert.deepEqual(wordsOf(actions), ['event SandboxChanged', 'sandbox #1', 'writeStatus'])
  const made = actions.find((action) => action.type === 'createSandbox')
  assert.deepEqual(made?.replaces, ['s0'])
})

test('a lost sandbox is not replaced for a pod that is done, or that must not run again', () => {
  const ended = { sandboxes: [gone], containers: [exited('a', 0)] }
  assert.deepEqual(words(podOf(never), ended), [])
  assert.deepEqual(words(podOf({ restartPolicy: 'OnFailure' }), ended), [])
  const half = podOf({ ...never, containers: [specOf('a'), specOf('b')] })
  assert.deepEqual(words(half, ended), ['event SandboxLost', 'condemn SandboxLost'])
})

test('a sandbox is made again for a pod that must not run twice, as long as nothing of it has run', () => {
  assert.deepEqual(words(podOf(never), { sandboxes: [gone] }), ['event SandboxChanged', 'sandbox #1'])
})

test('old sandboxes and all but the last two of each container go', () => {
  const sandboxes = [sandbox({ id: 's2', attempt: 2 }), sandbox({ id: 's1', attempt: 1 }), gone]
  const now = { sandboxId: 's2' }
  const containers = [
    container('a', { attempt: 3, ...now }),
    exited('a', 1, { attempt: 2, sandboxId: 's1' }),
    exited('a', 1, { attempt: 1, sandboxId: 's1' }),
  ]
  assert.deepEqual(words(podOf(), { sandboxes, containers }), [
    'remove a-1',
    'stopSandbox s1',
    'removeSandbox s0',
  ])
})

test('a pod that has run past its deadline ends', () => {
  const started = { status: { phase: 'Running', startTime: '2026-01-01T11:59:00Z' } }
  const options = { containers: [container('a')] }
  const late = podOf({ activeDeadlineSeconds: 60 }, started)
  assert.deepEqual(words(late, options), ['event DeadlineExceeded', 'condemn DeadlineExceeded'])
  const early = podOf({ activeDeadlineSeconds: 90 }, started)
  assert.equal(decide(early, options).requeueAfterMs, 30_000)
})

test('a pod that the node does not take is told so, and ends before anything was done for it', () => {
  const refusal = { reason: 'SysctlForbidden', message: 'forbidden sysctl: "x" not allowlisted' }
  assert.deepEqual(words(podOf(), { refusal, sandboxes: [], containers: [] }), [
    'event SysctlForbidden',
    'condemn SysctlForbidden',
  ])
  const verdict = { reason: refusal.reason, message: 'Pod was rejected: m', graceSeconds: undefined }
  const { actions } = decide(podOf(), { refusal, sandboxes: [], containers: [], memory: { verdict } })
  const written = actions.find((action) => action.type === 'writeStatus')
  const { phase, reason, message } = written!.status
  assert.deepEqual([phase, reason, message], ['Failed', 'SysctlForbidden', 'Pod was rejected: m'])
})

test('a condemned pod is stopped with the verdict’s grace, and stays as Failed', () => {
  const verdict = { reason: 'Evicted', message: 'm', graceSeconds: 5 }
  const memory = { verdict }
  assert.deepEqual(words(podOf(), { containers: [container('a')], memory }), ['stop a-0 in 5 s'])
  const ended = decide(podOf(), { sandboxes: [gone], containers: [exited('a', 143)], memory })
  const written = ended.actions.find((action) => action.type === 'writeStatus')
  assert.deepEqual([written?.status['phase'], written?.status['reason']], ['Failed', 'Evicted'])
})

test('a pod that is done gives its volumes back and keeps its logs', () => {
  const done = podOf(never, { status: { phase: 'Succeeded' } })
  const options = { sandboxes: [gone], containers: [exited('a', 0)], leftovers: true }
  assert.deepEqual(decide(done, options).words, ['cleanUp'])
  assert.deepEqual(decide(done, { ...options, memory: { running: ['clean'] } }).words, [])
  assert.deepEqual(decide(done, { ...options, leftovers: false }).words, [])
})

test('an init container that failed for good ends the pod, sidecars and all', () => {
  const pod = podOf({ ...never, initContainers: [sidecarOf('s'), specOf('i')] })
  assert.deepEqual(words(pod, { containers: [container('s'), exited('i', 1)] }), ['stop s-0 in 30 s'])
})

test('when the containers are done, sidecars are stopped', () => {
  const pod = podOf({ restartPolicy: 'OnFailure', initContainers: [sidecarOf('s'), sidecarOf('t')] })
  const containers = [container('s'), container('t'), exited('a', 0)]
  assert.deepEqual(words(pod, { containers }), ['stop t-0 in 30 s'])
})

test('a deleted pod goes step by step, each when the one before is done', () => {
  const pod = podOf({}, { metadata: DELETED, status: { phase: 'Running' } })
  const steps: [ObservedOptions, string[]][] = [
    [{ containers: [container('a')] }, ['stop a-0 in 30 s', 'writeStatus']],
    [{ containers: [exited('a', 0)] }, ['stopSandbox s0', 'writeStatus']],
    [{ containers: [exited('a', 0)], sandboxes: [gone] }, ['writeStatus']],
  ]
  for (const [options, expected] of steps) assert.deepEqual(decide(pod, options).words, expected)
  const told = podOf({}, { metadata: DELETED, status: { phase: 'Succeeded' } })
  const last: [ObservedOptions, string[]][] = [
    [{ containers: [exited('a', 0)], sandboxes: [gone] }, ['remove a-0']],
    [{ sandboxes: [gone], leftovers: true }, ['removeSandbox s0']],
    [{ sandboxes: [], leftovers: true }, ['cleanUp']],
    [{ sandboxes: [], leftovers: true, memory: { running: ['clean'] } }, []],
    [{ sandboxes: [] }, ['deletePod']],
  ]
  for (const [options, expected] of last) assert.deepEqual(decide(told, options).words, expected)
})

test('a deleted pod gives up what it waits for, and goes on when that has ended', () => {
  const pod = podOf({ containers: [specOf('a'), specOf('b')] }, { metadata: DELETED })
  const memory = { running: ['start:b'] }
  assert.deepEqual(words(pod, { containers: [container('a')], memory }), ['cancel', 'stop a-0 in 30 s'])
  assert.deepEqual(words(pod, { containers: [exited('a', 0)], memory }), ['cancel'])
})

test('a container that was only made does not hold a deletion up', () => {
  const told = podOf({}, { metadata: DELETED, status: { phase: 'Failed' } })
  const options = { sandboxes: [gone], containers: [container('a', { state: 'created' })] }
  assert.deepEqual(words(told, options), ['remove a-0'])
})

test('a deleted pod has its last status when nothing of it can start any more', () => {
  const pod = podOf({}, { metadata: DELETED, status: { phase: 'Pending' } })
  const plan = decide(pod, { containers: [container('a', { state: 'created' })] })
  assert.deepEqual(plan.words, ['remove a-0', 'writeStatus'])
  const written = plan.actions.find((action) => action.type === 'writeStatus')
  assert.equal(written?.status['phase'], 'Pending')
})

test('sidecars stop last, one after the other, in what is left of the grace', () => {
  const deletionTimestamp = '2026-01-01T12:00:12Z'
  const metadata = { deletionTimestamp, deletionGracePeriodSeconds: 30 }
  const pod = podOf({ initContainers: [sidecarOf('s'), sidecarOf('t')] }, { metadata })
  const sidecars = [container('s'), container('t')]
  assert.deepEqual(words(pod, { containers: [container('a'), ...sidecars] }), ['stop a-0 in 30 s'])
  assert.deepEqual(words(pod, { containers: [exited('a', 0), ...sidecars] }), ['stop t-0 in 12 s'])
  assert.deepEqual(words(pod, { containers: [exited('a', 0), container('s')] }), ['stop s-0 in 12 s'])
})

test('a grace that was shortened meanwhile holds, and the hook is not run twice', () => {
  const short = podOf({}, { metadata: { ...DELETED, deletionGracePeriodSeconds: 0 } })
  const memory = { running: ['stop:a-0/30'] }
  const { actions } = decide(short, { containers: [container('a')], memory })
  assert.deepEqual(
    actions.map((action) => action.type === 'stopContainer' && [action.leftSeconds, action.spec]),
    [[1, undefined], ...actions.slice(1).map(() => false)],
  )
  const again = { containers: [container('a')], memory: { running: ['stop:a-0/30', 'stop:a-0/1'] } }
  assert.deepEqual(words(short, again), [])
})

test('a stop that failed is tried again later, not at once', () => {
  const pod = podOf({}, { metadata: DELETED })
  const setbacks = new Map([['stop:a-0/30', { reason: 'X', message: '', retryAtMs: NOW + 4000, tries: 3 }]])
  const plan = decide(pod, {
    containers: [container('a')],
    memory: { setbacks } as Partial<Omit<PodMemory, 'running'>>,
  })
  assert.deepEqual([plan.words, plan.requeueAfterMs], [['writeStatus'], 4000])
})

test('a pod that the API has no more is killed and swept away', () => {
  const steps: [ObservedOptions, string[]][] = [
    [{ containers: [container('a')], memory: { running: ['start:b'] } }, ['cancel', 'kill a-0 in 2 s']],
    [{ containers: [container('a')], memory: { running: ['kill:a-0', 'stop:a-0/30'] } }, []],
    [{ containers: [exited('a', 0)], memory: { running: ['sandbox'] } }, ['cancel']],
    [{ containers: [exited('a', 0)] }, ['stopSandbox s0']],
    [{ containers: [exited('a', 0)], sandboxes: [gone] }, ['remove a-0']],
    [{ sandboxes: [gone], leftovers: true }, ['removeSandbox s0']],
    [{ sandboxes: [], leftovers: true }, ['cleanUp']],
    [{ sandboxes: [] }, ['forget']],
  ]
  for (const [options, expected] of steps) assert.deepEqual(decide(undefined, options).words, expected)
})

test('an agent that remembers nothing starts nothing anew', () => {
  const pod = podOf({ initContainers: [sidecarOf('s'), specOf('i')] }, { status: { phase: 'Running' } })
  const containers = [container('a', { attempt: 2 }), exited('i', 0), container('s')]
  assert.deepEqual(words(pod, { containers }), [])
})
