import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../validate/json.ts'
import { columnNames, createErrors, lines, NOW, row } from '../fixtures.ts'
import { podDisruptionBudget } from './pod-disruption-budget.ts'

const object = (spec: Json = {}, extra: Json = {}) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'b', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
  ...extra,
})

test('a budget says one of the two bounds', () => {
  const cases: [Json, string[]][] = [
    [{ minAvailable: '50%' }, []],
    [
      { minAvailable: 1, maxUnavailable: 1 },
      [
        'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
      ],
    ],
    [{ maxUnavailable: -1 }, ['spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0']],
    [
      { minAvailable: '101%' },
      [
        'spec.minAvailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"101%"}: must not be greater than 100%',
      ],
    ],
    [
      { unhealthyPodEvictionPolicy: 'X' },
      [
        'spec.unhealthyPodEvictionPolicy: Unsupported value: "X": supported values: "IfHealthyBudget", "AlwaysAllow"',
      ],
    ],
  ]
  for (const [spec, expected] of cases)
    assert.deepEqual(createErrors(podDisruptionBudget, object(spec)), expected)
})

test('its status counts', () => {
  const next = object({}, { status: { currentHealthy: -1 } })
  assert.deepEqual(lines(podDisruptionBudget.validateStatusUpdate?.(next, object(), { now: NOW })), [
    'status.currentHealthy: Invalid value: -1: must be greater than or equal to 0',
  ])
})

test('prints like kubectl and warns of selecting everything', () => {
  assert.deepEqual(columnNames(podDisruptionBudget), [
    'Min Available',
    'Max Unavailable',
    'Allowed Disruptions',
    'Age',
  ])
  assert.deepEqual(
    row(podDisruptionBudget, object({ minAvailable: 0 }, { status: { disruptionsAllowed: 2 } })),
    ['0', 'N/A', 2, '24h'],
  )
  assert.equal(podDisruptionBudget.warnings?.(object({ selector: {} }), undefined).length, 1)
  assert.equal(
    podDisruptionBudget.warnings?.(object({ selector: { matchLabels: { a: 'b' } } }), undefined).length,
    0,
  )
})
