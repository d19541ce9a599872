import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { ObservedCloud } from './observe.ts'
import { printStatus } from './print.ts'
import { findProblems } from './problems.ts'

const NOW = Date.UTC(2026, 0, 1)
const LONG_AGO = '2025-12-31T00:00:00Z'
const JUST_NOW = '2025-12-31T23:59:59Z'

function object(name: string, fields: object, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name, namespace: 'n', creationTimestamp: LONG_AGO, ...metadata },
    ...fields,
  }
}

function cloud(more: Partial<ObservedCloud>): ObservedCloud {
  return {
    version: 'v1.32',
    ready: true,
    checks: [],
    nodes: [],
    namespaces: [],
    pods: [],
    claims: [],
    definitions: [],
    classes: [],
    counts: {},
    hidden: [],
    ...more,
  }
}

const whats = (more: Partial<ObservedCloud>) => findProblems(cloud(more), NOW).map(({ what }) => what)

describe('problems of a cloud', () => {
  it('are none when everything is well, or still on its way', () => {
    const pods = [
      object('done', { status: { phase: 'Succeeded' } }),
      object('runs', { status: { phase: 'Running' } }),
      object('young', { status: { phase: 'Pending' } }, { creationTimestamp: JUST_NOW }),
    ]
    const namespaces = [object('leaving', {}, { deletionTimestamp: JUST_NOW })]
    assert.deepEqual(whats({ pods, namespaces }), [])
  })

  it('name the blocker and the command to run next', () => {
    const waiting = { state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } }
    const unscheduled = { type: 'PodScheduled', status: 'False', message: '0/0 nodes are available' }
    const problems = findProblems(
      cloud({
        checks: [{ name: 'etcd', ok: false }],
        pods: [
          object('image', {
            status: { phase: 'Pending', containerStatuses: [waiting] },
            spec: { nodeName: 'x' },
          }),
          object('homeless', { status: { phase: 'Pending', conditions: [unscheduled] } }),
          object('broken', { status: { phase: 'Failed', message: 'evicted' } }),
        ],
        claims: [object('data', { status: { phase: 'Pending' } })],
        namespaces: [
          object(
            'stuck',
            {
              status: {
                conditions: [{ type: 'NamespaceFinalizersRemaining', status: 'True', message: 'held by x' }],
              },
            },
            { deletionTimestamp: LONG_AGO },
          ),
        ],
      }),
      NOW,
    )
    assert.deepEqual(
      problems.map(({ what, next }) => `${what} -> ${next}`),
      [
        "the API server's check etcd fails -> kubectl get --raw '/readyz?verbose'",
        'namespace stuck is still being deleted: held by x -> kubectl get namespace stuck -o yaml',
        'volume claim n/data is not bound -> kubectl describe pvc --namespace n data',
        'pod n/image waits with ImagePullBackOff: no such image -> kubectl describe pod --namespace n image',
        'pod n/homeless has no node: 0/0 nodes are available -> kubectl describe pod --namespace n homeless',
        'pod n/broken has failed: evicted -> kubectl describe pod --namespace n broken',
      ],
    )
  })

  it('are shown ten at most, the rest counted', () => {
    const problems = Array.from({ length: 12 }, (_, i) => ({ what: `w${i}`, next: 'n' }))
    const text = printStatus({ server: 's', context: 'c', cloud: cloud({ ready: false }), problems })
    assert.match(text, /12 things are wrong:/)
    assert.match(text, /and 2 more; all of them: \.\/brume status -o json/)
    assert.match(text, /^ready: +no/m)
  })
})
