import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podOf, sidecarOf, specOf } from '../testing/observed.ts'
import { type Phase, phaseOf } from './phase.ts'

const STATES: Record<string, object> = {
  new: { state: { waiting: { reason: 'ContainerCreating' } } },
  running: { state: { running: {} }, started: true },
  starting: { state: { running: {} }, started: false },
  done: { state: { terminated: { exitCode: 0 } } },
  failed: { state: { terminated: { exitCode: 1 } } },
  'back-off': {
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 1 } },
  },
}

/** `a=running i=done side=starting`: containers by name; i... are init containers, side... are sidecars. */
function phase(restartPolicy: string, words: string, over = false): Phase {
  const all = words.split(' ').map((word) => {
    const [name = '', state = ''] = word.split('=')
    return { name, ...STATES[state] }
  })
  const isInit = ({ name }: { name: string }) => name.startsWith('i') || name.startsWith('side')
  const pod = podOf({
    restartPolicy,
    containers: all.filter((one) => !isInit(one)).map(({ name }) => specOf(name)),
    initContainers: all
      .filter(isInit)
      .map(({ name }) => (name.startsWith('side') ? sidecarOf(name) : specOf(name))),
  })
  const statuses = {
    containerStatuses: all.filter((one) => !isInit(one)),
    initContainerStatuses: all.filter(isInit),
  }
  return phaseOf(pod, statuses, over)
}

const POLICIES = ['Always', 'OnFailure', 'Never']

for (const [words, ...phases] of [
  // Containers, then the phase under Always, OnFailure, Never.
  ['a=new', 'Pending', 'Pending', 'Pending'],
  ['a=running', 'Running', 'Running', 'Running'],
  ['a=running b=running', 'Running', 'Running', 'Running'],
  ['a=running b=new', 'Pending', 'Pending', 'Pending'],
  ['a=running b=done', 'Running', 'Running', 'Running'],
  ['a=running b=failed', 'Running', 'Running', 'Running'],
  ['a=done b=new', 'Pending', 'Pending', 'Pending'],
  ['a=done', 'Running', 'Succeeded', 'Succeeded'],
  ['a=done b=done', 'Running', 'Succeeded', 'Succeeded'],
  ['a=failed', 'Running', 'Running', 'Failed'],
  ['a=done b=failed', 'Running', 'Running', 'Failed'],
  ['a=back-off', 'Running', 'Running', 'Failed'],
  ['a=done b=back-off', 'Running', 'Running', 'Failed'],
  ['i=new a=new', 'Pending', 'Pending', 'Pending'],
  ['i=running a=new', 'Pending', 'Pending', 'Pending'],
  ['i=done a=new', 'Pending', 'Pending', 'Pending'],
  ['i=done a=running', 'Running', 'Running', 'Running'],
  ['i=failed a=new', 'Pending', 'Pending', 'Failed'],
  ['i=back-off a=new', 'Pending', 'Pending', 'Failed'],
  ['side=running a=new', 'Pending', 'Pending', 'Pending'],
  ['side=new a=new', 'Pending', 'Pending', 'Pending'],
  ['side=starting a=new', 'Pending', 'Pending', 'Pending'],
  ['side=running a=running', 'Running', 'Running', 'Running'],
  ['side=starting a=running', 'Running', 'Running', 'Running'],
  ['side=back-off a=running', 'Running', 'Running', 'Running'],
  ['side=running a=done', 'Running', 'Running', 'Running'],
  ['side=done a=done', 'Running', 'Succeeded', 'Succeeded'],
  ['side=failed a=done', 'Running', 'Succeeded', 'Succeeded'],
  ['side=failed a=failed', 'Running', 'Running', 'Failed'],
] as const) {
  test(`the phase of ${words} is ${phases.join(', ')}`, () => {
    assert.deepEqual(
      POLICIES.map((policy) => phase(policy, words)),
      phases,
    )
  })
}

test('once a pod is over, its restart policy says nothing any more', () => {
  for (const policy of POLICIES) {
    assert.equal(phase(policy, 'a=done b=done', true), 'Succeeded')
    assert.equal(phase(policy, 'a=done b=failed', true), 'Failed')
    assert.equal(phase(policy, 'side=failed a=done', true), 'Succeeded')
  }
})
