import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, refusesUpdates, withPaths } from '../testing.ts'

const CLASS = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'edge' },
  spec: { controller: 'brume.dev/gateway' },
}
const PARAMETERS = { apiGroup: 'brume.dev', kind: 'Gateway', name: 'g' }

test('parameters are for the cluster unless said otherwise', () => {
  const { spec } = created(withPaths(CLASS, { 'spec.parameters': PARAMETERS }))
  assert.equal(spec.parameters.scope, 'Cluster')
})

refuses(CLASS, [
  [
    'names its controller by a domain',
    { 'spec.controller': 'gateway' },
    ['spec.controller: Invalid value: "gateway": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
  [
    'says in which namespace its parameters are',
    { 'spec.parameters': { ...PARAMETERS, scope: 'Namespace' } },
    ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
  ],
  [
    'has no namespace for parameters of the cluster',
    { 'spec.parameters': { ...PARAMETERS, namespace: 'a' } },
    ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
  ],
  [
    'knows its scopes',
    { 'spec.parameters': { ...PARAMETERS, scope: 'World' } },
    ['spec.parameters.scope: Unsupported value: "World": supported values: "Cluster", "Namespace"'],
  ],
])

refusesUpdates(CLASS, [
  [
    'keeps its controller',
    { 'spec.controller': 'other.dev/x' },
    ['spec.controller: Invalid value: "other.dev/x": field is immutable'],
  ],
])

test('the table shows controller and parameters', () => {
  const cells = cellsOf(withPaths(CLASS, { 'spec.parameters': PARAMETERS }))
  assert.equal(cells['Controller'], 'brume.dev/gateway')
  assert.equal(cells['Parameters'], 'Gateway.brume.dev/g')
  assert.equal(cellsOf(CLASS)['Parameters'], '<none>')
})
