import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { progressOf } from './progress.ts'

const NOW = Date.UTC(2026, 0, 1)

function deployment(replicas: number, status: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', generation: 1 },
    spec: { replicas },
    status: { observedGeneration: 1, ...status },
  }
}

function pod(status: object, nodeName: string | undefined = 'n1'): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-1' }, spec: { nodeName }, status }
}

const containers = (...statuses: object[]) => ({
  containerStatuses: statuses.map((one) => ({ name: 'web', restartCount: 0, ...one })),
})
const waiting = (reason: string, message = '') => containers({ state: { waiting: { reason, message } } })
const READY = { conditions: [{ type: 'Ready', status: 'True' }] }

function progress(of: KubeObject, pods: KubeObject[]) {
  return progressOf({ deployment: of, pods, size: 's', now: NOW })
}

describe('the progress of an app', () => {
  it('runs when as many pods as wanted are ready and the Deployment counts them', () => {
    assert.equal(progress(deployment(1, { availableReplicas: 1 }), [pod(READY)]).type, 'running')
    assert.equal(progress(deployment(2, { availableReplicas: 1 }), [pod(READY)]).type, 'waiting')
    assert.equal(
      progress(deployment(1, { availableReplicas: 1, observedGeneration: 0 }), [pod(READY)]).type,
      'waiting',
    )
  })

  it('waits a moment whether what has just started ends at once', () => {
    const started = (seconds: number) => {
      const startedAt = new Date(NOW - seconds * 1000).toISOString()
      return pod({ ...READY, ...containers({ state: { running: { startedAt } } }) })
    }
    const counted = deployment(1, { availableReplicas: 1 })
    assert.deepEqual(progress(counted, [started(1)]), { type: 'waiting', line: 'ready' })
    assert.equal(progress(counted, [started(3)]).type, 'running')
  })

  it('says in a few words what it waits for', () => {
    const line = (replicas: number, pods: KubeObject[]) => {
      const found = progress(deployment(replicas), pods)
      return found.type === 'waiting' ? found.line : found.type
    }
    assert.equal(line(1, []), 'waiting for its pod')
    assert.equal(line(1, [pod({}, '')]), 'looking for a node')
    assert.equal(line(1, [pod(waiting('ContainerCreating'))]), 'fetching its image and making its container')
    assert.equal(line(1, [pod(containers({ state: { running: {} } }))]), 'started, not ready yet')
    assert.equal(
      line(3, [pod(READY), pod(READY), pod(waiting('ContainerCreating'))]),
      '2 ready, 1 fetching its image and making its container (of 3)',
    )
  })

  const unplaced = (seconds: number) => ({
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        message: 'no node has 8 CPU',
        lastTransitionTime: new Date(NOW - seconds * 1000).toISOString(),
      },
    ],
  })

  it('waits a while for nodes', () => {
    assert.equal(progress(deployment(1), [pod(unplaced(5), '')]).type, 'waiting')
  })

  const ended = (reason: string, exitCode: number, message = '') => ({
    terminated: { reason, exitCode, message },
  })
  const loop = { waiting: { reason: 'CrashLoopBackOff' } }
  for (const [what, status, why, next] of [
    ['no node', unplaced(60), 'no node takes it: no node has 8 CPU', './brume explain pod/web-1'],
    [
      'an image that is missing',
      waiting('ErrImagePull', 'web:1: not found'),
      'its image cannot be had: web:1: not found',
      './brume image list',
    ],
    [
      'an image that cannot be fetched',
      waiting('ImagePullBackOff', 'no route'),
      'its image cannot be had: no route',
      './brume image list',
    ],
    [
      'a missing secret',
      waiting('CreateContainerConfigError', 'secret "x" not found'),
      'its container cannot be made: secret "x" not found',
      'kubectl describe pod web-1',
    ],
    [
      'a wrong command',
      containers({ state: loop, lastState: ended('StartError', 128, '"nope": not found'), restartCount: 1 }),
      'its command cannot be started: "nope": not found',
      './brume run --help   (-- ARGUMENTS, --command)',
    ],
    [
      'too little memory',
      containers({ state: loop, lastState: ended('OOMKilled', 137) }),
      'it needs more memory than the 512Mi of size s',
      './brume run ... --size m',
    ],
    [
      'a crash loop',
      containers({ state: loop, lastState: ended('Error', 3), restartCount: 1 }),
      'it ends again and again, last with exit code 3',
      'kubectl logs web-1',
    ],
  ] as const) {
    it(`is stopped by ${what}, in one sentence with the next command`, () => {
      const found = progress(deployment(1), [pod(status, what === 'no node' ? '' : 'n1')])
      assert.equal(found.type, 'stopped')
      assert.deepEqual(found.type === 'stopped' && [found.why, found.next], [why, next])
    })
  }

  it('is not stopped by a first crash, nor by an image that may come yet', () => {
    const crashed = containers({ state: ended('Error', 1), restartCount: 0 })
    assert.equal(progress(deployment(1), [pod(crashed)]).type, 'waiting')
    assert.equal(progress(deployment(1), [pod(waiting('ErrImagePull', 'timeout'))]).type, 'waiting')
  })

  it('is stopped when no pod may be made', () => {
    const status = { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: q' }] }
    const found = progress(deployment(1, status), [])
    assert.equal(found.type === 'stopped' && found.why, 'no pod may be made: exceeded quota: q')
  })
})
