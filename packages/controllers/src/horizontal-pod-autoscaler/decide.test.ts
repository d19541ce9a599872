import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { type AutoscalerAction, decideAutoscaler, type ObservedAutoscaler, PERIOD_MS } from './decide.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects as a test writes them
type Json = any

const NOW = Date.parse('2026-01-01T12:00:00Z')
const LONG_AGO = formatTime(NOW - 3_600_000)

const cpuTarget = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
}

const autoscaler = (spec: Json = {}, status: Json = {}): KubeObject => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'ns', uid: 'h1' },
  spec: {
    minReplicas: 1,
    maxReplicas: 10,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    metrics: [cpuTarget],
    ...spec,
  },
  status,
})

const scale = (replicas: number): KubeObject => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name: 'web', namespace: 'ns', resourceVersion: '9' },
  spec: { replicas },
  status: { replicas, selector: 'app=web' },
})

const pod = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns' },
  spec: { containers: [{ name: 'main', resources: { requests: { cpu: '1' } } }] },
  status: {
    phase: 'Running',
    startTime: LONG_AGO,
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: LONG_AGO }],
  },
})

const metricsOf = (name: string, cpu: string): KubeObject => ({
  apiVersion: 'metrics.k8s.io/v1beta1',
  kind: 'PodMetrics',
  metadata: { name, namespace: 'ns' },
  timestamp: formatTime(NOW),
  window: '10s',
  containers: [{ name: 'main', usage: { cpu } }],
})

function decide(more: Partial<ObservedAutoscaler> & { use?: string; replicas?: number } = {}) {
  const { use = '500m', replicas = 2, ...observed } = more
  const names = Array.from({ length: replicas }, (_, i) => `web-${i}`)
  const plan = decideAutoscaler(
    {
      autoscaler: autoscaler(),
      scale: scale(replicas),
      pods: names.map(pod),
      metrics: { items: names.map((name) => metricsOf(name, use)) },
      values: [],
      history: undefined,
      ...observed,
    },
    NOW,
  )
  assert.equal(plan.requeueAfterMs, PERIOD_MS)
  return plan.actions
}

const of = <T extends AutoscalerAction['type']>(actions: readonly AutoscalerAction[], type: T) =>
  actions.filter((action): action is Extract<AutoscalerAction, { type: T }> => action.type === type)
const said = (actions: readonly AutoscalerAction[]) => of(actions, 'say').map(({ reason }) => reason)
const statusOf = (actions: readonly AutoscalerAction[]): Json => of(actions, 'setStatus')[0]?.status
const conditionsOf = (actions: readonly AutoscalerAction[]) =>
  Object.fromEntries(
    statusOf(actions).conditions.map(({ type, status, reason }: Json) => [type, `${status} ${reason}`]),
  )

describe('a round of an autoscaler', () => {
  it('changes the scale that it looked at, then says so', () => {
    const actions = decide({ use: '900m' })
    assert.deepEqual(
      actions.map(({ type }) => type),
      ['remember', 'scale', 'remember', 'setStatus', 'say'],
    )
    const [change] = of(actions, 'scale')
    assert.deepEqual([change!.replicas, change!.scale.metadata.resourceVersion], [4, '9'])
    const status = statusOf(actions)
    assert.deepEqual(
      [status.currentReplicas, status.desiredReplicas, status.lastScaleTime],
      [2, 4, formatTime(NOW)],
    )
    assert.deepEqual(status.currentMetrics, [
      {
        type: 'Resource',
        resource: { name: 'cpu', current: { averageUtilization: 90, averageValue: '900m' } },
      },
    ])
    assert.deepEqual(conditionsOf(actions), {
      AbleToScale: 'True SucceededRescale',
      ScalingActive: 'True ValidMetricFound',
      ScalingLimited: 'False DesiredWithinRange',
    })
    assert.equal(
      of(actions, 'say')[0]!.message,
      'New size: 4; reason: cpu resource utilization (percentage of request) above target',
    )
  })

  it('only tells what it saw when the size is right', () => {
    const actions = decide()
    assert.deepEqual(of(actions, 'scale'), [])
    assert.equal(conditionsOf(actions).AbleToScale, 'True ReadyForNewScale')
  })

  it('never scales down at once after a restart', () => {
    const actions = decide({ use: '50m', replicas: 4 })
    assert.deepEqual(of(actions, 'scale'), [])
    assert.equal(conditionsOf(actions).AbleToScale, 'True ScaleDownStabilized')
  })

  it('brings a size back within its bounds without looking at metrics', () => {
    const bounds: [number, Json, number][] = [
      [12, {}, 10],
      [1, { minReplicas: 3 }, 3],
    ]
    for (const [replicas, spec, wanted] of bounds) {
      const actions = decide({ replicas, autoscaler: autoscaler(spec), metrics: { error: 'none' } })
      assert.equal(of(actions, 'scale')[0]?.replicas, wanted)
    }
  })

  it('leaves a target alone that was scaled to nothing', () => {
    const actions = decide({ replicas: 0 })
    assert.deepEqual(of(actions, 'scale'), [])
    assert.equal(conditionsOf(actions).ScalingActive, 'False ScalingDisabled')
  })

  it('takes the metric that asks for most', () => {
    const memory = {
      type: 'Resource',
      resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '100Mi' } },
    }
    const items = ['web-0', 'web-1'].map((name) => ({
      ...metricsOf(name, '100m'),
      containers: [{ name: 'main', usage: { cpu: '100m', memory: '150Mi' } }],
    }))
    const actions = decide({ autoscaler: autoscaler({ metrics: [cpuTarget, memory] }), metrics: { items } })
    assert.equal(of(actions, 'scale')[0]?.replicas, 3)
    assert.equal(statusOf(actions).currentMetrics.length, 2)
  })

  it('scales up, and never down, while a metric is missing', () => {
    const external = {
      type: 'External',
      external: { metric: { name: 'queue' }, target: { type: 'Value', value: '3' } },
    }
    const spec = { metrics: [cpuTarget, external] }
    const up = decide({ use: '900m', autoscaler: autoscaler(spec) })
    assert.equal(of(up, 'scale')[0]?.replicas, 4)
    const down = decide({ use: '10m', autoscaler: autoscaler(spec) })
    assert.deepEqual(of(down, 'scale'), [])
    assert.deepEqual(said(down), ['FailedGetExternalMetric', 'FailedComputeMetricsReplicas'])
  })

  it('says why nothing can be computed', () => {
    const actions = decide({ metrics: { error: 'the server is currently unable to handle the request' } })
    assert.deepEqual(said(actions), ['FailedGetResourceMetric', 'FailedComputeMetricsReplicas'])
    const active = statusOf(actions).conditions.find(({ type }: Json) => type === 'ScalingActive')
    assert.equal(
      active.message,
      'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is currently unable to handle the request',
    )
    const lost = decide({ scale: 'deployments.apps "web" not found' })
    assert.equal(conditionsOf(lost).AbleToScale, 'False FailedGetScale')
    assert.deepEqual(said(lost), ['FailedGetScale'])
    const problem = { event: 'AmbiguousSelector', reason: 'AmbiguousSelector', message: 'two of them' }
    const ambiguous = decide({ selectorProblem: problem })
    assert.equal(conditionsOf(ambiguous).ScalingActive, 'False AmbiguousSelector')
    assert.deepEqual(of(ambiguous, 'scale'), [])
  })

  it('keeps the time of a condition that stays, and writes nothing when nothing changed', () => {
    const before = statusOf(decide())
    const since = before.conditions.map((condition: Json) => ({ ...condition, lastTransitionTime: LONG_AGO }))
    const again = decide({ autoscaler: autoscaler({}, { ...before, conditions: since }) })
    assert.deepEqual(of(again, 'setStatus'), [])
  })
})
