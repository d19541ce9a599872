import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../object.ts'
import { type CrdNames, decideCrdStatus, stampConditions } from './crd-status.ts'

function crd(names: CrdNames, status?: object, group = 'example.com'): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: { group, names, versions: [{ name: 'v1', storage: true, served: true }] },
    ...(status === undefined ? {} : { status }),
  }
}

const names: CrdNames = {
  plural: 'things',
  singular: 'thing',
  kind: 'Thing',
  listKind: 'ThingList',
  shortNames: ['th'],
}
const accepted = (of: CrdNames, group?: string) => crd(of, { acceptedNames: of }, group)

test('free names are accepted and the CRD is established', () => {
  const decision = decideCrdStatus(crd(names), [])
  assert.deepEqual(decision, {
    acceptedNames: names,
    conditions: [
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
      {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ],
    storedVersions: ['v1'],
    changed: true,
  })
})

test('what is decided is stable', () => {
  const first = decideCrdStatus(crd(names), [])
  const conditions = stampConditions(first.conditions, [], '2024-01-01T00:00:00Z')
  const status = { acceptedNames: first.acceptedNames, conditions, storedVersions: first.storedVersions }
  assert.equal(decideCrdStatus(crd(names, status), []).changed, false)
})

test('a taken name is told by the last conflict, the free ones are accepted', () => {
  const other = accepted({ plural: 'others', singular: 'th', kind: 'Thing', listKind: 'OtherList' })
  const { acceptedNames, conditions } = decideCrdStatus(crd(names), [other])
  assert.deepEqual(acceptedNames, { plural: 'things', singular: 'thing', listKind: 'ThingList', kind: '' })
  assert.deepEqual(conditions, [
    { type: 'NamesAccepted', status: 'False', reason: 'KindConflict', message: '"Thing" is already in use' },
    { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
  ])
})

test('names of other groups do not matter', () => {
  const decision = decideCrdStatus(crd(names), [accepted(names, 'other.org')])
  assert.equal(decision.conditions[0]!.status, 'True')
})

test('an established CRD stays established when its new short name is taken', () => {
  const first = decideCrdStatus(crd(names), [])
  const status = { acceptedNames: first.acceptedNames, conditions: first.conditions, storedVersions: ['v1'] }
  const other = accepted({ plural: 'others', kind: 'Other', shortNames: ['tx', 'ty'] })
  const decision = decideCrdStatus(crd({ ...names, shortNames: ['tx', 'ty'] }, status), [other])
  assert.deepEqual(decision.acceptedNames.shortNames, ['th'])
  assert.equal(decision.conditions[0]!.message, '["tx" is already in use, "ty" is already in use]')
  assert.equal(decision.conditions[1]!.status, 'True')
})

test('the time of a condition changes with its status only', () => {
  const before = [{ type: 'A', status: 'True', lastTransitionTime: 'then' } as const]
  const next = [
    { type: 'A', status: 'True' },
    { type: 'B', status: 'False' },
  ] as const
  assert.deepEqual(
    stampConditions(next, before, 'now').map((c) => c.lastTransitionTime),
    ['then', 'now'],
  )
})
