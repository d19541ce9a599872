import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../contract.ts'
import { containerOfLog, NoLog } from './container-log.ts'

const running = { running: { startedAt: 'x' } }
const ended = (containerID: string) => ({ terminated: { containerID, exitCode: 1 } })

function podWith(status: object | undefined): Pod {
  const containerStatuses = status === undefined ? [] : [{ name: 'c', ...status }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: {}, status: { containerStatuses } }
}

const found = (status: object | undefined, previous = false) => containerOfLog(podWith(status), 'c', previous)

test('the container that runs, or ran last, is the one whose log is shown', () => {
  assert.equal(
    found({ containerID: 'containerd://now', state: running, lastState: ended('containerd://old') }),
    'now',
  )
  assert.equal(
    found({ containerID: 'containerd://now', state: running, lastState: ended('containerd://old') }, true),
    'old',
  )
  assert.equal(found({ state: ended('containerd://now') }), 'now')
  assert.equal(found({ state: ended(''), lastState: ended('containerd://old') }), 'old')
  assert.equal(
    found({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended('containerd://old') }),
    'old',
  )
})

test('why there is no log is said as the kubelet says it', () => {
  const waits = (reason: string) => ({ state: { waiting: { reason } } })
  for (const [status, previous, message] of [
    [undefined, false, 'container "c" in pod "p" is not available'],
    [waits('ContainerCreating'), false, 'container "c" in pod "p" is waiting to start: ContainerCreating'],
    [waits('ErrImagePull'), false, `container "c" in pod "p" is waiting to start: image can't be pulled`],
    [
      waits('ImagePullBackOff'),
      false,
      'container "c" in pod "p" is waiting to start: trying and failing to pull image',
    ],
    [{ state: {} }, false, 'container "c" in pod "p" is waiting to start - no logs yet'],
    [
      { containerID: 'containerd://now', state: running },
      true,
      'previous terminated container "c" in pod "p" not found',
    ],
    [{ state: ended('') }, false, 'container "c" in pod "p" is terminated'],
  ] as const) {
    assert.throws(
      () => found(status, previous),
      (error: unknown) => error instanceof NoLog && error.message === message,
    )
  }
})
