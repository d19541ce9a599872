import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../object.ts'
import type { Json } from '../../validate/json.ts'
import { columnNames, createErrors, defaulted, lines, NOW, row } from '../fixtures.ts'
import { autoscalerV1 } from './autoscaler-v1.ts'
import { autoscalerV2 } from './autoscaler-v2.ts'
import { fromV1, METRICS, toV1 } from './conversion.ts'

function object(spec: Json = {}, extra: Json = {}): KubeObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 5, ...spec },
    ...extra,
  }
}

const cpu = (target: Json) => ({ type: 'Resource', resource: { name: 'cpu', target } })
const pods = {
  type: 'Pods',
  pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } },
}

test('fills in the cpu target and the scaling rules that are begun', () => {
  const { spec } = defaulted(
    autoscalerV2,
    object({ behavior: { scaleDown: { stabilizationWindowSeconds: 5 } } }),
  )
  assert.equal(spec.minReplicas, 1)
  assert.deepEqual(spec.metrics, [cpu({ type: 'Utilization', averageUtilization: 80 })])
  assert.deepEqual(spec.behavior, {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [
        { type: 'Pods', value: 4, periodSeconds: 15 },
        { type: 'Percent', value: 100, periodSeconds: 15 },
      ],
    },
    scaleDown: {
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      stabilizationWindowSeconds: 5,
    },
  })
  assert.equal(defaulted(autoscalerV2, object())['spec'].behavior, undefined)
})

test('bounds, references, metrics and behavior', () => {
  const M = 'spec.metrics[0]'
  const cases: [Json, string[]][] = [
    [{}, []],
    [
      { minReplicas: 6 },
      ['spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`'],
    ],
    [
      { minReplicas: 0 },
      [
        'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
        'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
      ],
    ],
    [
      { maxReplicas: 0, minReplicas: undefined },
      [
        'spec.maxReplicas: Invalid value: 0: must be greater than 0',
        'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
      ],
    ],
    [
      { scaleTargetRef: {} },
      ['spec.scaleTargetRef.kind: Required value', 'spec.scaleTargetRef.name: Required value'],
    ],
    [
      { metrics: [{ type: 'Pods' }] },
      [`${M}.pods: Required value: must populate information for the given metric source`],
    ],
    [
      { metrics: [{ ...pods, ...cpu({ type: 'Utilization', averageUtilization: 1 }), type: 'Pods' }] },
      [`${M}.resource: Forbidden: must populate the given metric source only`],
    ],
    [
      { metrics: [cpu({ type: 'Utilization' })] },
      [
        `${M}.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
      ],
    ],
    [
      { metrics: [cpu({ type: 'X', averageUtilization: 0 })] },
      [
        `${M}.resource.target.type: Invalid value: "X": must be either Utilization, Value, or AverageValue`,
        `${M}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0`,
      ],
    ],
    [
      {
        behavior: {
          scaleUp: { policies: [{ type: 'X', value: 0, periodSeconds: 1801 }], selectPolicy: 'Y' },
        },
      },
      [
        'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Y": supported values: "Disabled", "Max", "Min"',
        'spec.behavior.scaleUp.policies[0].type: Unsupported value: "X": supported values: "Percent", "Pods"',
        'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
        'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
      ],
    ],
    [
      { behavior: { scaleUp: { stabilizationWindowSeconds: 3601 } } },
      [
        'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
      ],
    ],
  ]
  for (const [spec, expected] of cases) assert.deepEqual(createErrors(autoscalerV2, object(spec)), expected)
})

test('v1 shows the cpu target, and carries the rest in annotations there and back', () => {
  const stored = object(
    {
      minReplicas: 2,
      metrics: [cpu({ type: 'Utilization', averageUtilization: 60 }), pods],
      behavior: {
        scaleUp: { selectPolicy: 'Min', policies: [{ type: 'Pods', value: 1, periodSeconds: 9 }] },
      },
    },
    {
      status: {
        currentReplicas: 2,
        desiredReplicas: 3,
        currentMetrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '20m' } },
          },
        ],
        conditions: [{ type: 'AbleToScale', status: 'True' }],
      },
    },
  )
  stored.metadata.annotations = { own: 'x' }
  const v1 = toV1(stored)
  assert.equal(v1.apiVersion, 'autoscaling/v1')
  assert.equal(v1['spec'].targetCPUUtilizationPercentage, 60)
  assert.equal(v1['spec'].metrics, undefined)
  assert.equal(v1['status'].currentCPUUtilizationPercentage, 40)
  assert.equal(
    v1.metadata.annotations?.[METRICS],
    '[{"type":"Pods","pods":{"metricName":"rps","targetAverageValue":"10"}}]',
  )
  assert.deepEqual(fromV1(v1), stored)
})

test('every kind of metric survives the way through v1', () => {
  const named = { metric: { name: 'm', selector: { matchLabels: { a: 'b' } } } }
  const metrics = [
    {
      type: 'Object',
      object: {
        describedObject: { kind: 'Service', name: 's' },
        ...named,
        target: { type: 'Value', value: '5' },
      },
    },
    { type: 'External', external: { ...named, target: { type: 'AverageValue', averageValue: '5' } } },
    {
      type: 'ContainerResource',
      containerResource: {
        name: 'memory',
        container: 'c',
        target: { type: 'AverageValue', averageValue: '1Gi' },
      },
    },
    cpu({ type: 'AverageValue', averageValue: '100m' }),
  ]
  assert.deepEqual(fromV1(toV1(object({ metrics })))['spec'].metrics, metrics)
})

test('a v1 object without a target gets the default one, and edited annotations do no harm', () => {
  const v1: KubeObject = { ...object(), apiVersion: 'autoscaling/v1' }
  v1.metadata.annotations = { [METRICS]: 'no json' }
  assert.deepEqual(fromV1(v1)['spec'].metrics, [cpu({ type: 'Utilization', averageUtilization: 80 })])
  assert.deepEqual(
    createErrors(autoscalerV1, { ...v1, spec: { ...v1['spec'], maxReplicas: 0 } })[0],
    'spec.maxReplicas: Invalid value: 0: must be greater than 0',
  )
})

test('prints like kubectl', () => {
  assert.deepEqual(columnNames(autoscalerV2), [
    'Reference',
    'Targets',
    'MinPods',
    'MaxPods',
    'Replicas',
    'Age',
  ])
  const status = {
    currentReplicas: 2,
    currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 7 } } }],
  }
  const spec = { minReplicas: 1, metrics: [cpu({ type: 'Utilization', averageUtilization: 80 }), pods, pods] }
  const expected = ['Deployment/d', 'cpu: 7%/80%, <unknown>/10 + 1 more...', '1', 5, 2, '24h']
  assert.deepEqual(row(autoscalerV2, object(spec, { status })), expected)
  assert.deepEqual(row(autoscalerV1, toV1(object(spec, { status }))), expected)
})

test('statuses count from zero', () => {
  assert.deepEqual(
    lines(
      autoscalerV2.validateStatusUpdate?.(object({}, { status: { desiredReplicas: -1 } }), object(), {
        now: NOW,
      }),
    ),
    ['status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0'],
  )
})
