import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { defaultIngressClass, defaultStorageClass } from './default-class.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { denyServiceExternalIps } from './deny-service-external-ips.ts'
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts'
import { priority } from './priority.ts'
import { runtimeClass } from './runtime-class.ts'
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'
import { admissionRequest, admit, object, testState } from './testing.ts'

const pod = (spec: object): KubeObject => object('Pod', { namespace: 'ns', name: 'p' }, { spec })
const refusal = (message: string) => ({ message })

function priorities() {
  const { objects, deps } = testState()
  const put = (name: string, value: number, more: object = {}) =>
    objects.put('scheduling.k8s.io', 'priorityclasses', object('PriorityClass', { name }, { value, ...more }))
  put('high', 1000, { preemptionPolicy: 'Never' })
  put('usual', 10)
  const run = async (spec: object) =>
    (await admit(priority(deps), admissionRequest('/pods/', { object: pod(spec) }))).object!['spec']
  return { put, run, deps }
}

test('Priority: the class gives the number and the policy', async () => {
  const { run } = priorities()
  assert.deepEqual(await run({ priorityClassName: 'high' }), {
    priorityClassName: 'high',
    priority: 1000,
    preemptionPolicy: 'Never',
  })
  assert.deepEqual(await run({}), { priority: 0, preemptionPolicy: 'PreemptLowerPriority' })
})

test('Priority: the lowest default class is the default', async () => {
  const { put, run } = priorities()
  put('b', 20, { globalDefault: true })
  put('a', 30, { globalDefault: true })
  assert.equal((await run({})).priorityClassName, 'b')
})

const PRIORITY_REFUSALS: [object, string][] = [
  [{ priorityClassName: 'gone' }, 'no PriorityClass with name gone was found'],
  [
    { priorityClassName: 'usual', priority: 11 },
    'the integer value of priority (11) must not be provided in pod spec; priority admission controller computed 10 from the given PriorityClass name',
  ],
  [
    { priorityClassName: 'usual', preemptionPolicy: 'Never' },
    'the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
  ],
]
for (const [spec, why] of PRIORITY_REFUSALS) {
  test(`Priority: ${why}`, () =>
    assert.rejects(priorities().run(spec), refusal(`pods "p" is forbidden: ${why}`)))
}

test('Priority: a second default class is refused', async () => {
  const { put, deps } = priorities()
  put('a', 1, { globalDefault: true })
  const second = object('PriorityClass', { name: 'b' }, { globalDefault: true })
  await assert.rejects(
    admit(priority(deps), admissionRequest('scheduling.k8s.io/priorityclasses/', { object: second })),
    refusal(
      'priorityclasses.scheduling.k8s.io "b" is forbidden: PriorityClass a is already marked as default. Only one default can exist',
    ),
  )
})

const TOLERATIONS: [string, object[], number][] = [
  ['none', [], 2],
  ['one of them', [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute', operator: 'Exists' }], 2],
  ['everything', [{ operator: 'Exists' }], 1],
  ['another effect', [{ key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }], 3],
]
for (const [what, tolerations, count] of TOLERATIONS) {
  test(`DefaultTolerationSeconds: a pod that tolerates ${what}`, async () => {
    const request = await admit(
      defaultTolerationSeconds(),
      admissionRequest('/pods/', { object: pod({ tolerations }) }),
    )
    assert.equal(request.object!['spec'].tolerations.length, count)
  })
}

test('DefaultStorageClass: the newest default, only where there is none', async () => {
  const { objects, deps } = testState()
  const put = (name: string, creationTimestamp: string, isDefault: string) =>
    objects.put(
      'storage.k8s.io',
      'storageclasses',
      object('StorageClass', {
        ...{
          name,
          creationTimestamp,
          annotations: { 'storageclass.kubernetes.io/is-default-class': isDefault },
        },
      }),
    )
  put('old', '2025-01-01T00:00:00Z', 'true')
  put('new', '2025-06-01T00:00:00Z', 'true')
  put('newest', '2025-09-01T00:00:00Z', 'false')
  const run = async (spec: object) => {
    const claim = object('PersistentVolumeClaim', { namespace: 'ns', name: 'c' }, { spec })
    const request = admissionRequest('/persistentvolumeclaims/', { object: claim })
    return (await admit(defaultStorageClass(deps), request)).object!['spec'].storageClassName
  }
  assert.equal(await run({}), 'new')
  assert.equal(await run({ storageClassName: '' }), '')
})

test('DefaultIngressClass: only where there is neither field nor annotation', async () => {
  const { objects, deps } = testState()
  const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' }
  objects.put('networking.k8s.io', 'ingressclasses', object('IngressClass', { name: 'edge', annotations }))
  const run = async (metadata: object, spec: object) => {
    const ingress = object('Ingress', { namespace: 'ns', name: 'i', ...metadata }, { spec })
    const request = admissionRequest('networking.k8s.io/ingresses/', { object: ingress })
    return (await admit(defaultIngressClass(deps), request)).object!['spec'].ingressClassName
  }
  assert.equal(await run({}, {}), 'edge')
  assert.equal(await run({}, { ingressClassName: 'other' }), 'other')
  assert.equal(await run({ annotations: { 'kubernetes.io/ingress.class': 'x' } }, {}), undefined)
})

test('StorageObjectInUseProtection: claims and volumes get their finalizer once', async () => {
  const plugin = storageObjectInUseProtection()
  const run = async (of: string, metadata: object = {}) =>
    (await admit(plugin, admissionRequest(of, { object: object('X', { name: 'x', ...metadata }) }))).object!
      .metadata.finalizers
  assert.deepEqual(await run('/persistentvolumeclaims/', { finalizers: ['a'] }), [
    'a',
    'kubernetes.io/pvc-protection',
  ])
  assert.deepEqual(await run('/persistentvolumes/'), ['kubernetes.io/pv-protection'])
  assert.deepEqual(await run('/persistentvolumes/', { finalizers: ['kubernetes.io/pv-protection'] }), [
    'kubernetes.io/pv-protection',
  ])
  assert.equal(await run('/pods/'), undefined)
})

test('TaintNodesByCondition: a new node is not ready', async () => {
  const node = object('Node', { name: 'n' })
  await admit(taintNodesByCondition(), admissionRequest('/nodes/', { object: node }))
  assert.deepEqual(node['spec'].taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])
  await admit(taintNodesByCondition(), admissionRequest('/nodes/', { object: node }))
  assert.equal(node['spec'].taints.length, 1)
})

function runtimes(fields: object) {
  const { objects, deps } = testState()
  objects.put(
    'node.k8s.io',
    'runtimeclasses',
    object('RuntimeClass', { name: 'r' }, { handler: 'h', ...fields }),
  )
  return async (spec: object) =>
    (
      await admit(
        runtimeClass(deps),
        admissionRequest('/pods/', { object: pod({ runtimeClassName: 'r', ...spec }) }),
      )
    ).object!['spec']
}
const OVERHEAD = { overhead: { podFixed: { cpu: '250m' } } }
const SCHEDULING = { scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 't' }] } }

test('RuntimeClass: brings its overhead and its place', async () => {
  const spec = await runtimes({ ...OVERHEAD, ...SCHEDULING })({
    nodeSelector: { c: 'd' },
    overhead: { cpu: '0.25' },
  })
  assert.deepEqual(spec.overhead, { cpu: '250m' })
  assert.deepEqual(spec.nodeSelector, { c: 'd', a: 'b' })
  assert.deepEqual(spec.tolerations, [{ key: 't' }])
})

const RUNTIME_REFUSALS: [object, object, string][] = [
  [{}, { runtimeClassName: 'gone' }, 'pod rejected: RuntimeClass "gone" not found'],
  [
    OVERHEAD,
    { overhead: { cpu: '1' } },
    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  ],
  [
    {},
    { overhead: { cpu: '1' } },
    'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  ],
  [
    SCHEDULING,
    { nodeSelector: { a: 'x' } },
    'conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = x',
  ],
]
for (const [fields, spec, why] of RUNTIME_REFUSALS) {
  test(`RuntimeClass: ${why}`, () =>
    assert.rejects(runtimes(fields)(spec), refusal(`pods "p" is forbidden: ${why}`)))
}

const ONLY_DYNAMIC =
  'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize'
const RESIZES: [string, object, string, string | undefined][] = [
  ['grows where the class allows it', { className: 'grow', phase: 'Bound' }, '2Gi', undefined],
  ['stays', { className: 'fixed', phase: 'Pending' }, '1024Mi', undefined],
  [
    'grows unbound',
    { className: 'grow', phase: 'Pending' },
    '2Gi',
    'Only bound persistent volume claims can be expanded',
  ],
  ['grows where the class does not allow it', { className: 'fixed', phase: 'Bound' }, '2Gi', ONLY_DYNAMIC],
  ['grows without a class', { className: '', phase: 'Bound' }, '2Gi', ONLY_DYNAMIC],
]
for (const [what, of, size, why] of RESIZES) {
  test(`PersistentVolumeClaimResize: a claim that ${what}`, async () => {
    const { objects, deps } = testState()
    objects.put(
      'storage.k8s.io',
      'storageclasses',
      object('StorageClass', { name: 'grow' }, { allowVolumeExpansion: true }),
    )
    objects.put('storage.k8s.io', 'storageclasses', object('StorageClass', { name: 'fixed' }))
    const { className, phase } = of as { className: string; phase: string }
    const claim = (storage: string) =>
      object(
        'PersistentVolumeClaim',
        { namespace: 'ns', name: 'c' },
        {
          spec: { storageClassName: className, resources: { requests: { storage } } },
          status: { phase },
        },
      )
    const fields = { operation: 'UPDATE' as const, object: claim(size), oldObject: claim('1Gi') }
    const admitted = admit(
      persistentVolumeClaimResize(deps),
      admissionRequest('/persistentvolumeclaims/', fields),
    )
    if (why === undefined) await admitted
    else await assert.rejects(admitted, refusal(`persistentvolumeclaims "c" is forbidden: ${why}`))
  })
}

test('DenyServiceExternalIPs: refuses addresses that a Service did not have, and lets old ones stay or go', async () => {
  const of = (...externalIPs: string[]) =>
    object('Service', { namespace: 'ns', name: 's' }, { spec: { externalIPs } })
  const run = (now: KubeObject, before?: KubeObject) =>
    admit(denyServiceExternalIps(), admissionRequest('/services/', { object: now, oldObject: before }))
  const denied = refusal('services "s" is forbidden: Use of external IPs is denied by admission control')
  await assert.rejects(run(of('192.0.2.1')), denied)
  await assert.rejects(run(of('192.0.2.1', '192.0.2.2'), of('192.0.2.1')), denied)
  await run(of())
  await run(of('192.0.2.1'), of('192.0.2.2', '192.0.2.1'))
  await run(of(), of('192.0.2.1'))
})
