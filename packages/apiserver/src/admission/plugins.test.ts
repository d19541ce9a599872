import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admissionPlugins } from './plugins.ts'
import { admissionRequest, admit, object, testState } from './testing.ts'

test("the chain keeps Kubernetes' order, with webhooks before quota", () => {
  const { deps } = testState()
  const external = [{ name: 'MutatingAdmissionWebhook' }]
  assert.deepEqual(
    admissionPlugins(deps, external).map(({ name }) => name),
    [
      'CertificateRequester',
      'NamespaceLifecycle',
      'LimitRanger',
      'ServiceAccount',
      'NodeRestriction',
      'TaintNodesByCondition',
      'PodSecurity',
      'Priority',
      'DefaultTolerationSeconds',
      'DefaultStorageClass',
      'StorageObjectInUseProtection',
      'PersistentVolumeClaimResize',
      'RuntimeClass',
      'CertificateApproval',
      'CertificateSigning',
      'CertificateSubjectRestriction',
      'DefaultIngressClass',
      'RBACEscalation',
      'CustomResourceGroups',
      'NodeGroups',
      'MutatingAdmissionWebhook',
      'ResourceQuota',
    ],
  )
})

test('a plain pod comes through with everything it needs', async () => {
  const { objects, deps } = testState()
  objects.put('', 'namespaces', object('Namespace', { name: 'ns' }))
  objects.put('', 'serviceaccounts', object('ServiceAccount', { namespace: 'ns', name: 'default' }))
  const pod = object(
    'Pod',
    { namespace: 'ns', name: 'p', uid: '1' },
    { spec: { containers: [{ name: 'c', image: 'i' }] } },
  )
  const request = admissionRequest('/pods/', { object: pod })
  const plugins = admissionPlugins(deps)
  for (const plugin of plugins) await plugin.mutate?.(request)
  for (const plugin of plugins) await plugin.validate?.(request)
  for (const plugin of plugins) plugin.reserve?.(request)
  const { spec } = request.object!
  assert.equal(spec.serviceAccountName, 'default')
  assert.equal(spec.priority, 0)
  assert.equal(spec.preemptionPolicy, 'PreemptLowerPriority')
  assert.equal(spec.tolerations.length, 2)
  assert.match(spec.volumes[0].name, /^kube-api-access-[a-z0-9]{5}$/)
})

test('plugins leave objects of other kinds alone', async () => {
  const { objects, deps } = testState()
  objects.put('', 'namespaces', object('Namespace', { name: 'ns' }))
  const map = object('ConfigMap', { namespace: 'ns', name: 'm' }, { data: { a: 'b' } })
  const before = structuredClone(map)
  for (const plugin of admissionPlugins(deps))
    await admit(plugin, admissionRequest('/configmaps/', { object: map }))
  assert.deepEqual(map, before)
})
