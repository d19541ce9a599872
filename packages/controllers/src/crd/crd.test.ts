import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { CLEANUP_FINALIZER, decideCleanup } from './cleanup.ts'
import { decideDefinition } from './status.ts'

const NOW = Date.UTC(2026, 0, 1)

function definition(metadata: Partial<KubeObject['metadata']>, conditions: object[] = []): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.x.io', uid: 'u', resourceVersion: '5', ...metadata },
    spec: {
      group: 'x.io',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [
        { name: 'v1', served: true, storage: false },
        { name: 'v2', served: true, storage: true },
      ],
    },
    status: { conditions },
  }
}

const established = { type: 'Established', status: 'True' }
const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [CLEANUP_FINALIZER] }
const left = (notDeleting: number) => new Map([['n', { count: 2, notDeleting }]])

describe('custom resource definitions', () => {
  it('are established with their names, once', () => {
    const plan = decideDefinition({ definition: definition({}), others: [] }, NOW)
    const { status } = plan.actions[0]!.definition
    assert.deepEqual(status.acceptedNames.plural, 'widgets')
    assert.deepEqual(status.storedVersions, ['v2'])
    assert.deepEqual(
      status.conditions.map((c: { type: string; status: string }) => `${c.type}=${c.status}`),
      ['NamesAccepted=True', 'Established=True'],
    )
    assert.equal(status.conditions[0].lastTransitionTime, '2026-01-01T00:00:00Z')
    assert.deepEqual(
      decideDefinition({ definition: { ...definition({}), status }, others: [] }, NOW).actions,
      [],
    )
  })

  it('that are being deleted are not established any more', () => {
    assert.deepEqual(decideDefinition({ definition: definition(leaving), others: [] }, NOW).actions, [])
  })

  it('take their objects with them, by namespace, in the storage version', () => {
    const plan = decideCleanup({ definition: definition(leaving, [established]), left: left(2) }, NOW)
    assert.deepEqual(
      plan.actions.map(({ type }) => type),
      ['setCondition', 'deleteAll'],
    )
    const deletion = plan.actions[1]!
    assert.ok(deletion.type === 'deleteAll')
    assert.equal(deletion.namespace, 'n')
    assert.equal(deletion.ref.version, 'v2')
    assert.equal(plan.requeueAfterMs, 0)
  })

  it('wait for objects that are held by finalizers, saying so once', () => {
    const first = decideCleanup({ definition: definition(leaving, [established]), left: left(0) }, NOW)
    const action = first.actions[0]!
    assert.ok(action.type === 'setCondition')
    assert.equal(action.definition['status'].conditions.at(-1).reason, 'InstanceDeletionInProgress')
    assert.deepEqual(decideCleanup({ definition: action.definition, left: left(0) }, NOW).actions, [])
  })

  it('go when nothing is left', () => {
    const plan = decideCleanup({ definition: definition(leaving, [established]), left: new Map() }, NOW)
    assert.deepEqual(
      plan.actions.map(({ type }) => type),
      ['removeFinalizer'],
    )
  })

  it('that someone else holds say that their objects are gone before they let go', () => {
    const held = { ...leaving, finalizers: [CLEANUP_FINALIZER, 'x.io/other'] }
    const action = decideCleanup({ definition: definition(held, [established]), left: new Map() }, NOW)
      .actions[0]!
    assert.ok(action.type === 'setCondition')
    assert.equal(action.definition['status'].conditions.at(-1).reason, 'InstanceDeletionCompleted')
    const next = decideCleanup({ definition: action.definition, left: new Map() }, NOW)
    assert.deepEqual(
      next.actions.map(({ type }) => type),
      ['removeFinalizer'],
    )
  })

  it('that stay, or are held by others only, are left alone', () => {
    assert.deepEqual(decideCleanup({ definition: definition({}), left: left(1) }, NOW).actions, [])
    const others = definition({ ...leaving, finalizers: ['x.io/other'] })
    assert.deepEqual(decideCleanup({ definition: others, left: left(1) }, NOW).actions, [])
  })
})
