import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, withPaths } from '../testing.ts'

const SERVICE = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1beta1.metrics.k8s.io' },
  spec: {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    groupPriorityMinimum: 100,
    versionPriority: 100,
    service: { namespace: 'kube-system', name: 'metrics' },
  },
}

test('is reached over HTTPS unless said otherwise', () => {
  assert.equal(created(SERVICE).spec.service.port, 443)
})

refuses(SERVICE, [
  [
    'is named after version and group',
    { 'metadata.name': 'metrics' },
    [
      'metadata.name: Invalid value: "metrics": must be `spec.version+"."+spec.group`: "v1beta1.metrics.k8s.io"',
    ],
  ],
  [
    'has priorities in range',
    { 'spec.groupPriorityMinimum': 0, 'spec.versionPriority': 1001 },
    [
      'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
      'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
    ],
  ],
  [
    'names the whole service',
    { 'spec.service': { port: 70000 } },
    [
      'spec.service.namespace: Required value',
      'spec.service.name: Required value',
      'spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
    ],
  ],
  [
    'trusts a certificate authority or nobody',
    { 'spec.caBundle': 'eA==', 'spec.insecureSkipTLSVerify': true },
    ['spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present'],
  ],
  [
    'trusts itself when it is local',
    { 'spec.service': undefined, 'spec.caBundle': 'eA==', 'spec.insecureSkipTLSVerify': true },
    [
      'spec.caBundle: Invalid value: "1 bytes": local APIServices may not have a caBundle',
      'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
    ],
  ],
  [
    'has a group unless it is the oldest',
    { 'metadata.name': 'v1beta1.', 'spec.group': '' },
    ['spec.group: Required value: only v1 may have an empty group and it better be legacy kube'],
  ],
])

test('the table shows who serves and whether it does', () => {
  const conditions = [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }]
  const cells = cellsOf(withPaths(SERVICE, { status: { conditions } }))
  assert.equal(cells['Service'], 'kube-system/metrics')
  assert.equal(cells['Available'], 'False (MissingEndpoints)')
  assert.equal(cellsOf(withPaths(SERVICE, { 'spec.service': undefined }))['Service'], 'Local')
})
