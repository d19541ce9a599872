import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { drainPlan } from './drain-plan.ts'

const NONE = { force: false, deleteEmptyDirData: false }
const DAEMON_SETS = new Set(['default/logs'])

function pod(name: string, more: Partial<KubeObject> = {}, owner = ''): KubeObject {
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: owner, name: 'logs', uid: 'u', controller: true }]
  const { metadata, ...rest } = more
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...metadata, ...(owner === '' ? {} : { ownerReferences }) },
    ...rest,
  }
}

const scratch = {
  spec: {
    volumes: [
      { name: 'a', emptyDir: {} },
      { name: 'b', configMap: {} },
    ],
  },
}
const plan = (one: KubeObject, options = NONE, daemonSets: ReadonlySet<string> = DAEMON_SETS) => {
  const { goes, stays, refused } = drainPlan([one], daemonSets, options)
  return [...goes.map(() => 'goes'), ...stays.map(() => 'stays'), ...refused.map(({ flag }) => flag)]
}

describe('draining', () => {
  it('moves what a controller makes again elsewhere', () => {
    assert.deepEqual(plan(pod('web', {}, 'ReplicaSet')), ['goes'])
  })

  it('leaves what belongs to the node', () => {
    assert.deepEqual(plan(pod('logs-x', scratch, 'DaemonSet')), ['stays'])
    for (const [key, value] of [
      ['kubernetes.io/config.mirror', 'x'],
      ['kubernetes.io/config.source', 'file'],
    ] as const) {
      assert.deepEqual(plan(pod('static', { metadata: { name: 'static', annotations: { [key]: value } } })), [
        'stays',
      ])
    }
  })

  it('names each option that something would be lost without', () => {
    assert.deepEqual(plan(pod('lone')), ['--force'])
    assert.deepEqual(plan(pod('cache', scratch, 'ReplicaSet')), ['--delete-emptydir-data'])
    assert.deepEqual(plan(pod('both', scratch)), ['--force', '--delete-emptydir-data'])
    assert.deepEqual(plan(pod('both', scratch), { ...NONE, force: true }), ['--delete-emptydir-data'])
    assert.deepEqual(plan(pod('both', scratch), { force: true, deleteEmptyDirData: true }), ['goes'])
    assert.deepEqual(plan(pod('orphan', {}, 'DaemonSet'), NONE, new Set()), ['--force'])
  })

  it('takes along what is over or on its way out, whatever it has', () => {
    for (const phase of ['Succeeded', 'Failed'])
      assert.deepEqual(plan(pod('over', { ...scratch, status: { phase } })), ['goes'])
    const metadata = { name: 'leaving', deletionTimestamp: 'now' }
    assert.deepEqual(plan(pod('leaving', { ...scratch, metadata })), ['goes'])
  })
})
