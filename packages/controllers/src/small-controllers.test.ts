import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { decideExpiry } from './bootstrap-tokens/cleaner.ts'
import { decideSignatures } from './bootstrap-tokens/signer.ts'
import { decideLease } from './leases/controller.ts'
import { decideRootCa } from './root-ca/controller.ts'
import { decideAccount } from './service-account/controller.ts'
import { decideTokenSecret } from './service-account-tokens/decide.ts'
import { decideFinishedJob } from './ttl/finished-jobs.ts'
import { decideNodeTtl } from './ttl/nodes.ts'
import { decideProtection, podUsesClaim } from './volume-protection/decide.ts'

const NOW = Date.UTC(2026, 0, 1)
const at = (ms: number) => new Date(NOW + ms).toISOString()

function object(
  kind: string,
  metadata: KubeObject['metadata'],
  fields: Record<string, unknown> = {},
): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { uid: `uid-${metadata.name}`, ...metadata }, ...fields }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const namespace = object('Namespace', { name: 'n' })
const leavingNamespace = object('Namespace', { name: 'n', deletionTimestamp: at(0) })

describe('default service account', () => {
  it('is made in every namespace that stays', () => {
    assert.deepEqual(decideAccount({ namespace, account: undefined }).actions, [
      { type: 'createAccount', namespace: 'n' },
    ])
    assert.deepEqual(decideAccount({ namespace, account: object('ServiceAccount', {}) }).actions, [])
    assert.deepEqual(decideAccount({ namespace: leavingNamespace, account: undefined }).actions, [])
  })
})

describe('root CA publisher', () => {
  const rootCaPem = 'PEM'
  it('makes the ConfigMap, and restores one that was changed', () => {
    const made = decideRootCa({ namespace, configMap: undefined, rootCaPem }).actions[0]!
    assert.equal(made.type, 'create')
    assert.deepEqual(made.configMap['data'], { 'ca.crt': 'PEM' })
    assert.deepEqual(decideRootCa({ namespace, configMap: made.configMap, rootCaPem }).actions, [])
    const changed = { ...made.configMap, data: { 'ca.crt': 'other', extra: 'x' } }
    const restored = decideRootCa({ namespace, configMap: changed, rootCaPem }).actions[0]!
    assert.equal(restored.type, 'update')
    assert.deepEqual(restored.configMap['data'], { 'ca.crt': 'PEM' })
  })
  it('leaves a namespace alone that is being deleted', () => {
    assert.deepEqual(
      decideRootCa({ namespace: leavingNamespace, configMap: undefined, rootCaPem }).actions,
      [],
    )
  })
})

describe('service account token secrets', () => {
  const account = object('ServiceAccount', { name: 'sa', namespace: 'n' })
  const secret = (annotations: Record<string, string>, data?: Record<string, string>) =>
    object('Secret', { name: 's', namespace: 'n', annotations }, { data })
  const NAME = 'kubernetes.io/service-account.name'
  const UID = 'kubernetes.io/service-account.uid'

  it('are filled with token, authority and namespace', () => {
    const plan = decideTokenSecret({ secret: secret({ [NAME]: 'sa' }), account, rootCaPem: 'PEM' })
    const action = plan.actions[0]!
    assert.ok(action.type === 'fill')
    assert.equal(action.token, true)
    assert.deepEqual(action.data, { 'ca.crt': base64('PEM'), namespace: base64('n') })
  })
  it('get a new authority without a new token', () => {
    const data = { token: 't', 'ca.crt': base64('OLD'), namespace: base64('n') }
    const filled = secret({ [NAME]: 'sa', [UID]: 'uid-sa' }, data)
    const action = decideTokenSecret({ secret: filled, account, rootCaPem: 'PEM' }).actions[0]!
    assert.ok(action.type === 'fill' && !action.token)
    const right = secret({ [NAME]: 'sa', [UID]: 'uid-sa' }, { ...data, 'ca.crt': base64('PEM') })
    assert.deepEqual(decideTokenSecret({ secret: right, account, rootCaPem: 'PEM' }).actions, [])
  })
  it('go with their account, and with an account of that name that is another one', () => {
    const orphan = secret({ [NAME]: 'sa', [UID]: 'old' })
    assert.equal(decideTokenSecret({ secret: orphan, account, rootCaPem: '' }).actions[0]!.type, 'delete')
    const alone = secret({ [NAME]: 'sa' })
    assert.equal(
      decideTokenSecret({ secret: alone, account: undefined, rootCaPem: '' }).actions[0]!.type,
      'delete',
    )
  })
  it('are left alone when they name no account', () => {
    assert.deepEqual(decideTokenSecret({ secret: secret({}), account: undefined, rootCaPem: '' }).actions, [])
  })
})

describe('bootstrap tokens', () => {
  const token = (data: Record<string, string>, name = 'bootstrap-token-abcdef') =>
    object(
      'Secret',
      { name, namespace: 'kube-system' },
      { data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])) },
    )
  const valid = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-signing': 'true',
  }

  it('are deleted when they have expired, and looked at again just then', () => {
    assert.deepEqual(decideExpiry(token(valid), NOW), { actions: [] })
    assert.deepEqual(decideExpiry(token({ expiration: at(5000) }), NOW), {
      actions: [],
      requeueAfterMs: 5000,
    })
    assert.equal(decideExpiry(token({ expiration: at(0) }), NOW).actions[0]!.type, 'delete')
    assert.equal(decideExpiry(token({ expiration: 'soon' }), NOW).actions[0]!.type, 'delete')
  })

  it('sign cluster-info, each for itself, and stale signatures go', () => {
    const configMap = object(
      'ConfigMap',
      { name: 'cluster-info' },
      { data: { kubeconfig: 'K', 'jws-kubeconfig-old': 'x' } },
    )
    const secrets = [
      token(valid),
      token({ ...valid, 'usage-bootstrap-signing': 'false' }),
      token(valid, 'another-name'),
      token({ ...valid, expiration: at(-1) }),
    ]
    const action = decideSignatures({ configMap, secrets }, NOW).actions[0]!
    const header = Buffer.from('{"alg":"HS256","kid":"abcdef"}').toString('base64url')
    const payload = Buffer.from('K').toString('base64url')
    const signature = createHmac('sha256', '0123456789abcdef')
      .update(`${header}.${payload}`)
      .digest('base64url')
    assert.deepEqual(action.configMap['data'], {
      kubeconfig: 'K',
      'jws-kubeconfig-abcdef': `${header}..${signature}`,
    })
    assert.deepEqual(decideSignatures({ configMap: action.configMap, secrets }, NOW).actions, [])
  })
})

describe('finished jobs', () => {
  const job = (ttl: number | undefined, type = 'Complete', status = 'True') =>
    object(
      'Job',
      { name: 'j', namespace: 'n' },
      {
        spec: { ttlSecondsAfterFinished: ttl },
        status: { conditions: [{ type, status, lastTransitionTime: at(-10_000) }] },
      },
    )
  it('are deleted when their time has come, not before', () => {
    assert.deepEqual(decideFinishedJob(job(60), NOW), { actions: [], requeueAfterMs: 50_000 })
    assert.equal(decideFinishedJob(job(10), NOW).actions[0]!.type, 'delete')
    assert.equal(decideFinishedJob(job(0, 'Failed'), NOW).actions[0]!.type, 'delete')
  })
  it('never go without a TTL, or before they have finished', () => {
    assert.deepEqual(decideFinishedJob(job(undefined), NOW), { actions: [] })
    assert.deepEqual(decideFinishedJob(job(0, 'Complete', 'False'), NOW), { actions: [] })
    assert.deepEqual(decideFinishedJob(job(0, 'Suspended'), NOW), { actions: [] })
  })
})

describe('node TTL', () => {
  const node = (ttl?: string) =>
    object('Node', {
      name: 'n',
      annotations: ttl === undefined ? {} : { 'node.alpha.kubernetes.io/ttl': ttl },
    })
  const ttlOf = (ttl: string | undefined, nodeCount: number) =>
    decideNodeTtl({ node: node(ttl), nodeCount }).actions[0]?.ttlSeconds
  it('follows the size of the cluster, without flapping at a boundary', () => {
    assert.equal(ttlOf(undefined, 1), 0)
    assert.equal(ttlOf('0', 100), undefined)
    assert.equal(ttlOf('0', 101), 15)
    assert.equal(ttlOf('15', 95), undefined)
    assert.equal(ttlOf('15', 89), 0)
    assert.equal(ttlOf(undefined, 3000), 300)
    assert.equal(ttlOf('nonsense', 1), 0)
  })
})

describe('volume protection', () => {
  const claim = (metadata: KubeObject['metadata']) =>
    object('PersistentVolumeClaim', { name: 'c', namespace: 'n', ...metadata })
  const F = 'kubernetes.io/pvc-protection'
  it('adds the finalizer, and removes it from what is being deleted only when nothing uses it', () => {
    const added = decideProtection({ object: claim({ finalizers: ['x'] }), inUse: false }, F).actions[0]!
    assert.deepEqual(added.finalizers, ['x', F])
    const leaving = claim({ finalizers: [F, 'x'], deletionTimestamp: at(0) })
    assert.deepEqual(decideProtection({ object: leaving, inUse: true }, F).actions, [])
    assert.deepEqual(decideProtection({ object: leaving, inUse: false }, F).actions[0]!.finalizers, ['x'])
  })
  it('never adds the finalizer to what is being deleted', () => {
    assert.deepEqual(
      decideProtection({ object: claim({ deletionTimestamp: at(0) }), inUse: false }, F).actions,
      [],
    )
  })
  it('counts scheduled pods, and owners of ephemeral claims until they are shut down', () => {
    const pod = (spec: object, metadata = {}) =>
      object('Pod', { name: 'p', namespace: 'n', ...metadata }, { spec })
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }]
    assert.equal(podUsesClaim(pod({ volumes }), claim({})), false)
    assert.equal(podUsesClaim(pod({ nodeName: 'x', volumes }), claim({})), true)
    const ephemeral = pod({ nodeName: 'x', volumes: [{ name: 'v', ephemeral: {} }] })
    const owners = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'uid-p', controller: true }]
    const own = claim({ name: 'p-v', ownerReferences: owners })
    assert.equal(podUsesClaim(ephemeral, own), true)
    assert.equal(podUsesClaim(ephemeral, claim({ name: 'p-v' })), false)
    const down = {
      ...ephemeral,
      metadata: { ...ephemeral.metadata, deletionTimestamp: at(0), deletionGracePeriodSeconds: 0 },
    }
    assert.equal(podUsesClaim(down, own), false)
  })
})

describe('leases of API servers', () => {
  const lease = (spec: object) => object('Lease', { name: 'l', namespace: 'kube-system' }, { spec })
  it('are deleted an hour after they expired', () => {
    const spec = { renewTime: at(-3_600_000), leaseDurationSeconds: 60 }
    assert.deepEqual(decideLease(lease(spec), NOW), { actions: [], requeueAfterMs: 60_000 })
    assert.equal(decideLease(lease(spec), NOW + 60_000).actions[0]!.type, 'delete')
    assert.equal(decideLease(lease({}), NOW).actions[0]!.type, 'delete')
  })
})
