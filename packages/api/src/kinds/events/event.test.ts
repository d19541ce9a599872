import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, kindOf, refuses, refusesUpdates, withPaths } from '../testing.ts'

const EVENT = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'web.1', namespace: 'default' },
  regarding: { kind: 'Pod', name: 'web', namespace: 'default' },
  eventTime: '2025-01-01T23:58:00.000000Z',
  reportingController: 'brume.dev/agent',
  reportingInstance: 'n1',
  action: 'Starting',
  reason: 'Started',
  note: 'It runs.',
  type: 'Normal',
}

test('is the same stored object as a v1 Event', () => {
  const { conversion } = kindOf(EVENT)
  const stored = conversion!.toStorage(created(EVENT))
  assert.equal(stored.apiVersion, 'v1')
  assert.equal(stored['involvedObject'].name, 'web')
  assert.equal(stored['message'], 'It runs.')
  assert.equal(stored['reportingComponent'], 'brume.dev/agent')
  assert.equal(stored['regarding'], undefined)
  assert.deepEqual(conversion!.fromStorage(stored), created(EVENT))
})

refuses(EVENT, [
  ['is of a known type', { type: 'Bad' }, ['type: Invalid value: "": has invalid value: Bad']],
  ['has a time', { eventTime: undefined }, ['eventTime: Required value']],
  [
    'leaves the old fields alone',
    { deprecatedCount: 2, deprecatedSource: { component: 'x' } },
    ['count: Invalid value: "": needs to be unset', 'source: Invalid value: "": needs to be unset'],
  ],
  [
    'has a series of at least two',
    { series: { count: 1, lastObservedTime: null } },
    ['series.count: Invalid value: "": should be at least 2', 'series.lastObservedTime: Required value'],
  ],
])

refusesUpdates(EVENT, [
  [
    'keeps what happened',
    { reason: 'Other', note: 'new' },
    [
      'reason: Invalid value: "Other": field is immutable',
      'message: Invalid value: "new": field is immutable',
    ],
  ],
  ['goes on in a series', { series: { count: 2, lastObservedTime: '2025-01-01T23:59:00.000000Z' } }, []],
])

test('can be selected by what it regards, and shows the same table', () => {
  assert.equal(kindOf(EVENT).selectableFields['regarding.name']!(created(EVENT)), 'web')
  const cells = cellsOf(
    withPaths(EVENT, { series: { count: 4, lastObservedTime: '2025-01-01T23:59:00.000000Z' } }),
  )
  assert.equal(cells['Object'], 'pod/web')
  assert.equal(cells['Last Seen'], '60s')
  assert.equal(cells['Count'], 4)
})
