import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import type { LimitItem } from './limit-constraints.ts'
import { limitRanger } from './limit-ranger.ts'
import { admissionRequest, admit, object, testState } from './testing.ts'

interface Resources {
  requests?: Record<string, string>
  limits?: Record<string, string>
}
const pod = (containers: Resources[], initContainers: Resources[] = []): KubeObject => {
  const named = (prefix: string) => (resources: Resources, index: number) => ({
    name: `${prefix}${index}`,
    resources,
  })
  return object(
    'Pod',
    { namespace: 'ns', name: 'p' },
    {
      spec: { containers: containers.map(named('c')), initContainers: initContainers.map(named('i')) },
    },
  )
}

async function run(items: LimitItem[], of: KubeObject, kind = '/pods/'): Promise<KubeObject> {
  const { objects, deps } = testState()
  objects.put(
    '',
    'limitranges',
    object('LimitRange', { namespace: 'ns', name: 'l' }, { spec: { limits: items } }),
  )
  const request = await admit(limitRanger(deps), admissionRequest(kind, { object: of }))
  return request.object!
}

test('fills in what containers do not say, and notes it', async () => {
  const defaults: LimitItem = {
    type: 'Container',
    default: { cpu: '500m', memory: '1Gi' },
    defaultRequest: { cpu: '100m', memory: '256Mi' },
  }
  const result = await run(
    [defaults],
    pod([{}, { requests: { cpu: '1' }, limits: { cpu: '2', memory: '2Gi' } }], [{}]),
  )
  assert.deepEqual(result['spec'].containers[0].resources, {
    requests: { cpu: '100m', memory: '256Mi' },
    limits: { cpu: '500m', memory: '1Gi' },
  })
  assert.deepEqual(result['spec'].containers[1].resources, {
    requests: { cpu: '1', memory: '256Mi' },
    limits: { cpu: '2', memory: '2Gi' },
  })
  assert.equal(
    result.metadata.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu, memory request for container c0; cpu, memory limit for container c0; memory request for container c1; cpu, memory request for init container i0; cpu, memory limit for init container i0',
  )
})

const CONTAINER = 'Container'
const REFUSALS: [LimitItem, Resources, string][] = [
  [
    { type: CONTAINER, min: { cpu: '100m' } },
    {},
    'minimum cpu usage per Container is 100m.  No request is specified',
  ],
  [
    { type: CONTAINER, min: { cpu: '100m' } },
    { requests: { cpu: '50m' } },
    'minimum cpu usage per Container is 100m, but request is 50m',
  ],
  [
    { type: CONTAINER, min: { cpu: '100m' } },
    { requests: { cpu: '100m' }, limits: { cpu: '50m' } },
    'minimum cpu usage per Container is 100m, but limit is 50m',
  ],
  [
    { type: CONTAINER, max: { cpu: '2' } },
    {},
    'maximum cpu usage per Container is 2.  No limit is specified',
  ],
  [
    { type: CONTAINER, max: { memory: '1Gi' } },
    { limits: { memory: '2Gi' } },
    'maximum memory usage per Container is 1Gi, but limit is 2Gi',
  ],
  [
    { type: CONTAINER, max: { cpu: '2' } },
    { limits: { cpu: '2' }, requests: { cpu: '3' } },
    'maximum cpu usage per Container is 2, but request is 3',
  ],
  [
    { type: CONTAINER, maxLimitRequestRatio: { cpu: '2' } },
    { requests: { cpu: '100m' }, limits: { cpu: '400m' } },
    'cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000',
  ],
  [
    { type: CONTAINER, maxLimitRequestRatio: { cpu: '2' } },
    { limits: { cpu: '400m' } },
    'cpu max limit to request ratio per Container is 2, but no request is specified or request is 0',
  ],
  [
    { type: CONTAINER, maxLimitRequestRatio: { cpu: '2' } },
    { requests: { cpu: '400m' } },
    'cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0',
  ],
  [
    { type: 'Pod', max: { cpu: '1' } },
    { limits: { cpu: '1100m' } },
    'maximum cpu usage per Pod is 1, but limit is 1100m',
  ],
  [
    { type: CONTAINER, max: { cpu: '1', memory: '1Gi' } },
    { limits: { cpu: '2', memory: '2Gi' } },
    '[maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, but limit is 2Gi]',
  ],
]
for (const [item, resources, message] of REFUSALS) {
  test(`refuses: ${message}`, async () => {
    await assert.rejects(run([item], pod([resources])), (error) => {
      assert.ok(isStatus(error, 'Forbidden'))
      assert.equal(error.message, `pods "p" is forbidden: ${message}`)
      return true
    })
  })
}

test('sums the containers for a limit on the pod', async () => {
  const item: LimitItem = { type: 'Pod', max: { cpu: '1' } }
  const half = { limits: { cpu: '500m' }, requests: { cpu: '500m' } }
  await run([item], pod([half, half]))
  await assert.rejects(
    run([item], pod([half, half, half])),
    /maximum cpu usage per Pod is 1, but limit is 1500m/,
  )
})

test('bounds the size of claims', async () => {
  const item: LimitItem = { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '10Gi' } }
  const claim = (storage: string) =>
    object(
      'PersistentVolumeClaim',
      { namespace: 'ns', name: 'c' },
      { spec: { resources: { requests: { storage } } } },
    )
  await run([item], claim('5Gi'), '/persistentvolumeclaims/')
  await assert.rejects(run([item], claim('20Gi'), '/persistentvolumeclaims/'), {
    message:
      'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 20Gi',
  })
  await assert.rejects(
    run([item], claim('1Mi'), '/persistentvolumeclaims/'),
    /minimum storage usage .* request is 1Mi/,
  )
})
