import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, refuses, refusesUpdates, statusErrors } from '../testing.ts'

const QUOTA = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q' },
  spec: { hard: { pods: '10', 'limits.cpu': '4' } },
}
const EXISTS =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

refuses(QUOTA, [
  [
    'limits what it knows, in amounts that make sense',
    { 'spec.hard': { wheels: '1', pods: '1500m', 'limits.cpu': '-1', storage: '1Gi' } },
    [
      'spec.hard[limits.cpu]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.hard[pods]: Invalid value: "1500m": must be an integer',
      'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
      'spec.hard[wheels]: Invalid value: "wheels": must be a standard resource type or fully qualified',
      'spec.hard[wheels]: Invalid value: "wheels": must be a standard resource for quota',
    ],
  ],
  ['counts objects of any kind', { 'spec.hard': { 'count/deployments.apps': '3' } }, []],
  [
    'has scopes that fit each other and the resources',
    { 'spec.hard': { secrets: '1' }, 'spec.scopes': ['BestEffort', 'NotBestEffort'] },
    [
      'spec.scopes: Invalid value: []core.ResourceQuotaScope{"BestEffort", "NotBestEffort"}: unsupported scope applied to resource',
      'spec.scopes: Invalid value: []core.ResourceQuotaScope{"BestEffort", "NotBestEffort"}: unsupported scope applied to resource',
      'spec.scopes: Invalid value: []core.ResourceQuotaScope{"BestEffort", "NotBestEffort"}: conflicting scopes',
    ],
  ],
  [
    'knows its scopes',
    { 'spec.scopes': ['Big'] },
    ['spec.scopes: Invalid value: []core.ResourceQuotaScope{"Big"}: unsupported scope'],
  ],
  [
    'selects scopes in one way each',
    {
      'spec.scopeSelector.matchExpressions': [
        { scopeName: 'Terminating', operator: 'In', values: ['x'] },
        { scopeName: 'PriorityClass', operator: 'In' },
        { scopeName: 'PriorityClass', operator: 'Exists', values: ['x'] },
        { scopeName: 'PriorityClass', operator: 'Like' },
      ],
    },
    [
      `spec.scopeSelector.matchExpressions.operator: Invalid value: "In": ${EXISTS}`,
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      "spec.scopeSelector.matchExpressions.values: Invalid value: []string{\"x\"}: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
      'spec.scopeSelector.matchExpressions.operator: Invalid value: "Like": not a valid selector operator',
    ],
  ],
])

refusesUpdates(QUOTA, [
  [
    'keeps its scopes',
    { 'spec.scopes': ['NotTerminating'] },
    ['spec.scopes: Invalid value: []core.ResourceQuotaScope{"NotTerminating"}: field is immutable'],
  ],
])

test('the status holds known amounts', () => {
  assert.deepEqual(statusErrors({ ...QUOTA, status: { used: { pods: '-1' } } }), [
    'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
  ])
})

test('the table splits requests from limits', () => {
  const status = { hard: { pods: '10', 'limits.cpu': '4' }, used: { pods: '1', 'limits.cpu': '500m' } }
  const cells = cellsOf({ ...QUOTA, status })
  assert.equal(cells['Request'], 'pods: 1/10')
  assert.equal(cells['Limit'], 'limits.cpu: 500m/4')
})
