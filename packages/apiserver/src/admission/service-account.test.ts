import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { serviceAccount } from './service-account.ts'
import { admissionRequest, admit, object, testState } from './testing.ts'

const PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const pod = (spec: object = {}, metadata: object = {}): KubeObject =>
  object(
    'Pod',
    { namespace: 'ns', name: 'p', ...metadata },
    { spec: { containers: [{ name: 'c' }], ...spec } },
  )

function state(account: object = {}, metadata: object = {}) {
  const all = testState()
  const own = object('ServiceAccount', { namespace: 'ns', name: 'default', ...metadata }, account)
  all.objects.put('', 'serviceaccounts', own)
  return {
    ...all,
    run: (of: KubeObject) => admit(serviceAccount(all.deps), admissionRequest('/pods/', { object: of })),
  }
}

test('mounts the token, the CA and the namespace in every container', async () => {
  const { run } = state()
  const { object: result } = await run(pod({ initContainers: [{ name: 'i' }] }))
  const { spec } = result!
  assert.equal(spec.serviceAccountName, 'default')
  assert.equal(spec.serviceAccount, 'default')
  const [volume] = spec.volumes
  assert.match(volume.name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  assert.deepEqual(volume.projected, {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  })
  const mount = { name: volume.name, readOnly: true, mountPath: PATH }
  assert.deepEqual(spec.containers[0].volumeMounts, [mount])
  assert.deepEqual(spec.initContainers[0].volumeMounts, [mount])
})

test('a mount that is there stays, and without need there is no volume', async () => {
  const { run } = state()
  const volumeMounts = [{ name: 'own', mountPath: PATH }]
  const { object: result } = await run(pod({ containers: [{ name: 'c', volumeMounts }] }))
  assert.deepEqual(result!['spec'].containers[0].volumeMounts, volumeMounts)
  assert.equal(result!['spec'].volumes, undefined)
})

const AUTOMOUNT: [boolean | undefined, boolean | undefined, boolean][] = [
  [undefined, undefined, true],
  [undefined, false, false],
  [true, false, true],
  [false, true, false],
]
for (const [ofPod, ofAccount, expected] of AUTOMOUNT) {
  test(`pod says ${ofPod}, account says ${ofAccount}: ${expected ? 'a' : 'no'} token`, async () => {
    const { run } = state(ofAccount === undefined ? {} : { automountServiceAccountToken: ofAccount })
    const { object: result } = await run(
      pod(ofPod === undefined ? {} : { automountServiceAccountToken: ofPod }),
    )
    assert.equal(result!['spec'].volumes !== undefined, expected)
  })
}

test('image pull secrets come from the account unless the pod has its own', async () => {
  const { run } = state({ imagePullSecrets: [{ name: 'a' }] })
  assert.deepEqual((await run(pod())).object!['spec'].imagePullSecrets, [{ name: 'a' }])
  const own = pod({ imagePullSecrets: [{ name: 'b' }] })
  assert.deepEqual((await run(own)).object!['spec'].imagePullSecrets, [{ name: 'b' }])
})

test('a missing account is an error at once', async () => {
  const { run } = state()
  await assert.rejects(run(pod({ serviceAccountName: 'robot' })), {
    message:
      'pods "p" is forbidden: error looking up service account ns/robot: serviceaccount "robot" not found',
  })
})

test('the default account of a new namespace is waited for', async () => {
  const { deps, objects } = testState()
  const admitted = admit(serviceAccount(deps), admissionRequest('/pods/', { object: pod() }))
  objects.put('', 'serviceaccounts', object('ServiceAccount', { namespace: 'ns', name: 'default' }))
  assert.equal((await admitted).object!['spec'].serviceAccountName, 'default')
})

test('the wait for the default account ends', async () => {
  const { deps, timers } = testState()
  const admitted = admit(serviceAccount(deps), admissionRequest('/pods/', { object: pod() }))
  assert.equal(timers.length, 1)
  timers[0]!()
  await assert.rejects(admitted, /serviceaccount "default" not found/)
})

const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } }
const MIRRORS: [string, object, RegExp | undefined][] = [
  ['plain', {}, undefined],
  ['with an account', { serviceAccountName: 'x' }, /a mirror pod may not reference service accounts/],
  [
    'with a secret',
    { volumes: [{ name: 'v', secret: { secretName: 's' } }] },
    /a mirror pod may not reference secrets/,
  ],
  [
    'with a token',
    { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: {} }] } }] },
    /a mirror pod may not use ServiceAccountToken volume projections/,
  ],
]
for (const [what, spec, message] of MIRRORS) {
  test(`a mirror pod ${what} is ${message === undefined ? 'left as it is' : 'refused'}`, async () => {
    const { run } = state()
    const of = pod(spec, mirror)
    if (message !== undefined) return assert.rejects(run(of), message)
    assert.deepEqual((await run(structuredClone(of))).object, of)
  })
}

const enforced = { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } }
const SECRETS: [object, string][] = [
  [
    { volumes: [{ name: 'v', secret: { secretName: 'x' } }] },
    'volume with secret.secretName="x" is not allowed because service account default does not reference that secret',
  ],
  [
    { containers: [{ name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'x' } } }] }] },
    'container c with envVar E referencing secret.secretName="x" is not allowed because service account default does not reference that secret',
  ],
  [
    { imagePullSecrets: [{ name: 'x' }] },
    'imagePullSecrets[0].name="x" is not allowed because service account default does not reference that imagePullSecret',
  ],
]
for (const [spec, message] of SECRETS) {
  test(`an enforcing account refuses: ${message.slice(0, 40)}`, async () => {
    const { run } = state({ secrets: [{ name: 'listed' }] }, enforced)
    await assert.rejects(run(pod(spec)), { message: `pods "p" is forbidden: ${message}` })
    await state().run(pod(spec))
  })
}
