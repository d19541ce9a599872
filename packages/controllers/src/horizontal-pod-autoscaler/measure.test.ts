import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { measure, type Sample, type Target } from './measure.ts'
import { durationMs, samplesOf } from './samples.ts'

const NOW = Date.parse('2026-01-01T12:00:00Z')
const LONG_AGO = formatTime(NOW - 3_600_000)

interface PodOptions {
  request?: string | undefined
  phase?: string
  ready?: boolean
  startedAt?: string
  readyAt?: string
  leaving?: boolean
}

function pod(name: string, options: PodOptions = {}): KubeObject {
  const { request = '1', phase = 'Running', ready = true, startedAt = LONG_AGO, readyAt = LONG_AGO } = options
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: readyAt }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', ...(options.leaving && { deletionTimestamp: LONG_AGO }) },
    spec: {
      containers: [
        {
          name: 'main',
          resources: 'request' in options && !options.request ? {} : { requests: { cpu: request } },
        },
      ],
    },
    status: { phase, startTime: startedAt, conditions },
  }
}

const sample = (value: number, atMs = NOW): Sample => ({ value, atMs, windowMs: 10_000 })
const half: Target = { resource: 'cpu', utilization: 50 }

/** Pods and what each uses, in thousandths; undefined: not measured. */
function decide(target: Target, pods: [KubeObject, number | undefined][], atMs = NOW) {
  const samples = new Map<string, Sample>()
  for (const [object, used] of pods)
    if (used !== undefined) samples.set(object.metadata.name!, sample(used, atMs))
  const all = pods.map(([object]) => object)
  return measure({ target, pods: all, samples, currentReplicas: pods.length, now: NOW })
}

describe('how many pods the use of a resource asks for', () => {
  it('is the ratio of use to target, rounded up', () => {
    assert.deepEqual(
      decide(half, [
        [pod('a'), 700],
        [pod('b'), 900],
      ]),
      { replicas: 4, utilization: 80, value: 800 },
    )
    assert.deepEqual(
      decide(half, [
        [pod('a'), 100],
        [pod('b'), 100],
        [pod('c'), 100],
      ]),
      {
        replicas: 1,
        utilization: 10,
        value: 100,
      },
    )
    const target = { resource: 'memory', averageValue: 100_000 }
    assert.deepEqual(
      decide(target, [
        [pod('a'), 250_000],
        [pod('b'), 250_000],
      ]),
      { replicas: 5, value: 250_000 },
    )
  })

  it('stays within a tenth of the target', () => {
    for (const used of [455, 500, 545]) {
      const result = decide(half, [
        [pod('a'), used],
        [pod('b'), used],
      ])
      assert.equal('replicas' in result && result.replicas, 2, `${used}m`)
    }
  })

  it('takes a pod without metrics for idle when there may be more pods, and for busy when there may be fewer', () => {
    const more = decide(half, [
      [pod('a'), 1000],
      [pod('b'), 1000],
      [pod('c'), undefined],
    ])
    assert.equal('replicas' in more && more.replicas, 4)
    const fewer = decide(half, [
      [pod('a'), 100],
      [pod('b'), 100],
      [pod('c'), undefined],
    ])
    assert.equal('replicas' in fewer && fewer.replicas, 3)
  })

  it('never turns round because of pods that were not measured', () => {
    const result = decide(half, [
      [pod('a'), 700],
      [pod('b'), undefined],
      [pod('c'), undefined],
    ])
    assert.equal('replicas' in result && result.replicas, 3)
  })

  it('leaves out pods that start, and takes them for idle', () => {
    const fresh = formatTime(NOW - 60_000)
    const starting: PodOptions[] = [
      { phase: 'Pending' },
      { ready: false, startedAt: fresh, readyAt: fresh },
      { ready: false, startedAt: LONG_AGO, readyAt: LONG_AGO },
      // Measured before it was ready for a whole window.
      { startedAt: fresh, readyAt: formatTime(NOW - 5_000) },
    ]
    for (const options of starting) {
      const result = decide(half, [
        [pod('a'), 1000],
        [pod('b'), 1000],
        [pod('c', options), 1000],
      ])
      assert.equal('replicas' in result && result.replicas, 4, JSON.stringify(options))
    }
  })

  it('does not count pods that fail or leave', () => {
    const result = decide(half, [
      [pod('a'), 500],
      [pod('b', { phase: 'Failed' }), 9000],
      [pod('c', { leaving: true }), 9000],
    ])
    assert.deepEqual(result, { replicas: 3, utilization: 50, value: 500 })
  })

  it('is not known without pods, metrics or requests', () => {
    assert.deepEqual(decide(half, []), {
      error: 'no pods returned by selector while calculating replica count',
    })
    assert.deepEqual(decide(half, [[pod('a'), undefined]]), {
      error: 'did not receive metrics for targeted pods (pods might be unready)',
    })
    assert.deepEqual(decide(half, [[pod('a', { request: undefined }), 10]]), {
      error: 'missing request for cpu in container main of Pod a',
    })
  })
})

describe('PodMetrics', () => {
  const metrics = (containers: object[]): KubeObject => ({
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'PodMetrics',
    metadata: { name: 'a', namespace: 'ns' },
    timestamp: '2026-01-01T12:00:00Z',
    window: '10s',
    containers,
  })
  const main = { name: 'main', usage: { cpu: '250000000n', memory: '1Ki' } }

  it('are added up over the containers, and left out when one is not measured', () => {
    const both = samplesOf([metrics([main, { ...main, name: 'other' }])], half)
    assert.deepEqual('samples' in both && [...both.samples], [
      ['a', { value: 500, atMs: NOW, windowMs: 10_000 }],
    ])
    const part = samplesOf([metrics([main, { name: 'other', usage: {} }])], half)
    assert.equal('samples' in part && part.samples.size, 0)
  })

  it('are read of the one container that counts', () => {
    const one = samplesOf([metrics([main, { ...main, name: 'other' }])], { ...half, container: 'other' })
    assert.equal('samples' in one && one.samples.get('a')?.value, 250)
    assert.deepEqual(samplesOf([metrics([main])], { ...half, container: 'none' }), {
      error: 'failed to get container metrics: container none not present in metrics for pod ns/a',
    })
  })

  it('have windows as Go writes them', () => {
    assert.deepEqual(['10s', '1m30s', '14.5s', '0s', ''].map(durationMs), [10_000, 90_000, 14_500, 0, 0])
  })
})
