import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses } from '../testing.ts'

const LIMITS = (item: object) => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'limits', creationTimestamp: '2025-01-01T00:00:00Z' },
  spec: { limits: [item] },
})
const CONTAINER = {
  type: 'Container',
  min: { cpu: '100m' },
  max: { cpu: '2', memory: '1Gi' },
  default: { cpu: '1' },
}

test('containers get the maximum as limit, and the limit as request', () => {
  const [item] = created(LIMITS({ ...CONTAINER, min: { cpu: '100m', 'ephemeral-storage': '1Gi' } })).spec
    .limits
  assert.deepEqual(item.default, { cpu: '1', memory: '1Gi' })
  assert.deepEqual(item.defaultRequest, { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' })
})

refuses(LIMITS(CONTAINER), [
  [
    'has a known type once',
    { 'spec.limits': [{ type: 'Machine' }, { type: 'Machine' }] },
    [
      'spec.limits[0].type: Invalid value: "Machine": must be a standard limit type or fully qualified',
      'spec.limits[1].type: Invalid value: "Machine": must be a standard limit type or fully qualified',
      'spec.limits[1].type: Duplicate value: "Machine"',
    ],
  ],
  [
    'limits what containers have',
    { 'spec.limits': [{ type: 'Container', max: { pods: '1', wheels: '4' } }] },
    [
      'spec.limits[0].max[pods]: Invalid value: "pods": must be a standard resource for containers',
      'spec.limits[0].max[wheels]: Invalid value: "wheels": must be a standard resource type or fully qualified',
      'spec.limits[0].max[wheels]: Invalid value: "wheels": must be a standard resource for containers',
      'spec.limits[0].default[pods]: Invalid value: "pods": must be a standard resource for containers',
      'spec.limits[0].default[wheels]: Invalid value: "wheels": must be a standard resource type or fully qualified',
      'spec.limits[0].default[wheels]: Invalid value: "wheels": must be a standard resource for containers',
      'spec.limits[0].defaultRequest[pods]: Invalid value: "pods": must be a standard resource for containers',
      'spec.limits[0].defaultRequest[wheels]: Invalid value: "wheels": must be a standard resource type or fully qualified',
      'spec.limits[0].defaultRequest[wheels]: Invalid value: "wheels": must be a standard resource for containers',
    ],
  ],
  [
    'has no defaults for pods',
    { 'spec.limits': [{ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }] },
    [
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
      "spec.limits[0].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
    ],
  ],
  [
    'limits the size of claims',
    { 'spec.limits': [{ type: 'PersistentVolumeClaim' }] },
    [
      'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
  ],
  [
    'orders its amounts',
    { 'spec.limits': [{ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }] },
    ['spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
  ],
  [
    'orders defaults too',
    { 'spec.limits[0].default.cpu': '3', 'spec.limits[0].defaultRequest': { cpu: '50m' } },
    [
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "50m": min value 100m is greater than default request value 50m',
      'spec.limits[0].default[cpu]: Invalid value: "2": default value 3 is greater than max value 2',
    ],
  ],
  [
    'has a ratio that fits',
    {
      'spec.limits': [
        { type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } },
      ],
    },
    [
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
    ],
  ],
  [
    'has a ratio of at least one',
    { 'spec.limits': [{ type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } }] },
    ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1'],
  ],
])

test('the table shows when it was made', () => {
  assert.deepEqual(cellsOf(LIMITS(CONTAINER)), { Name: 'limits', 'Created At': '2025-01-01T00:00:00Z' })
})
