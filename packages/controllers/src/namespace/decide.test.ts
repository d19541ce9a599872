import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { discovered } from '../garbage-collector/fixtures.ts'
import { nextConditions } from './conditions.ts'
import { decideNamespace } from './decide.ts'
import type { ObservedNamespace, RemainingContent } from './observe.ts'

const NOW = Date.UTC(2026, 0, 1)

const leaving: KubeObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'n', deletionTimestamp: '2025-12-31T23:59:00Z' },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Terminating' },
}

function content(plural: string, more: Partial<RemainingContent> = {}): RemainingContent {
  const resource = discovered(plural, plural, plural === 'widgets' ? 'x.io' : '')
  return { resource, count: 1, notDeleting: 0, finalizers: [], graceSeconds: 0, ...more }
}

function observed(more: Partial<ObservedNamespace> = {}): ObservedNamespace {
  return { namespace: leaving, remaining: [], discoveryFailures: new Map(), deletionFailures: [], ...more }
}

const types = (plan: { actions: readonly { type: string }[] }) => plan.actions.map(({ type }) => type)

describe('namespace deletion', () => {
  it('leaves a namespace alone that stays, and one that is finalized already', () => {
    const stays = { ...leaving, metadata: { name: 'n' } }
    assert.deepEqual(decideNamespace(observed({ namespace: stays }), NOW), { actions: [] })
    const finalized = { ...leaving, spec: { finalizers: ['other'] } }
    assert.deepEqual(decideNamespace(observed({ namespace: finalized }), NOW), { actions: [] })
  })

  it('deletes pods before everything else', () => {
    const remaining = [content('secrets', { notDeleting: 1 }), content('pods', { notDeleting: 1 })]
    const plan = decideNamespace(observed({ remaining }), NOW)
    assert.deepEqual(
      plan.actions.map((a) => a.type === 'deleteContent' && a.resource.plural),
      ['pods'],
    )
    assert.equal(plan.requeueAfterMs, 0)
  })

  it('waits for pods that take their grace period, deleting nothing else meanwhile', () => {
    const remaining = [content('secrets', { notDeleting: 1 }), content('pods', { graceSeconds: 30 })]
    const plan = decideNamespace(observed({ remaining }), NOW)
    assert.deepEqual(types(plan), ['setStatus'])
    assert.equal(plan.requeueAfterMs, 16_000)
  })

  it('waits for finalizers and says which', () => {
    const remaining = [
      content('widgets', { count: 2, finalizers: ['x.io/a', 'x.io/a'] }),
      content('configmaps', { finalizers: ['x.io/b'] }),
    ]
    const plan = decideNamespace(observed({ remaining }), NOW)
    assert.equal(plan.requeueAfterMs, 8000)
    const action = plan.actions[0]!
    assert.ok(action.type === 'setStatus')
    const messages = Object.fromEntries(
      action.conditions!.map((c) => [c.type, `${c.status} ${c.reason}: ${c.message}`]),
    )
    assert.deepEqual(messages, {
      NamespaceDeletionDiscoveryFailure: 'False ResourcesDiscovered: All resources successfully discovered',
      NamespaceDeletionGroupVersionParsingFailure:
        'False ParsedGroupVersions: All legacy kube types successfully parsed',
      NamespaceDeletionContentFailure:
        'False ContentDeleted: All content successfully deleted, may be waiting on finalization',
      NamespaceContentRemaining:
        'True SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances, widgets.x.io has 2 resource instances',
      NamespaceFinalizersRemaining:
        'True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: x.io/a in 2 resource instances, x.io/b in 1 resource instances',
    })
  })

  it('finalizes when nothing remains', () => {
    assert.deepEqual(types(decideNamespace(observed(), NOW)), ['setStatus', 'finalize'])
  })

  it('never finalizes while discovery or a deletion failed', () => {
    const failed = observed({ discoveryFailures: new Map([['x.io/v1', 'no answer']]) })
    assert.deepEqual(types(decideNamespace(failed, NOW)), ['setStatus'])
    assert.equal(decideNamespace(failed, NOW).requeueAfterMs, 5000)
    const refused = observed({ deletionFailures: ['widgets.x.io is forbidden'] })
    assert.deepEqual(types(decideNamespace(refused, NOW)), ['setStatus'])
  })

  it('writes conditions only when they say something new, and keeps the time of a status that stays', () => {
    const first = nextConditions(leaving, observed(), NOW)!
    const namespace = { ...leaving, status: { phase: 'Terminating', conditions: first } }
    assert.equal(nextConditions(namespace, observed(), NOW + 1000), undefined)
    const remaining = [content('pods')]
    const second = nextConditions(namespace, observed({ remaining }), NOW + 60_000)!
    const time = (type: string) => second.find((c) => c.type === type)!.lastTransitionTime
    assert.equal(time('NamespaceContentRemaining'), '2026-01-01T00:01:00Z')
    assert.equal(time('NamespaceFinalizersRemaining'), '2026-01-01T00:00:00Z')
  })
})
