import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, kindOf, refuses, withPaths } from '../testing.ts'

const EVENT = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'web.1', namespace: 'default' },
  involvedObject: { kind: 'Pod', name: 'web', namespace: 'default', fieldPath: 'spec.containers{a}' },
  reason: 'Started',
  message: ' It runs. ',
  type: 'Normal',
  source: { component: 'node-agent', host: 'n1' },
  firstTimestamp: '2025-01-01T23:00:00Z',
  lastTimestamp: '2025-01-01T23:59:00Z',
  count: 3,
}
const MODERN = withPaths(EVENT, {
  eventTime: '2025-01-01T23:58:00.000000Z',
  reportingComponent: 'brume.dev/agent',
  reportingInstance: 'n1',
  action: 'Starting',
  firstTimestamp: undefined,
  lastTimestamp: undefined,
  count: undefined,
  source: undefined,
})

refuses(EVENT, [
  [
    'is in the namespace of its object',
    { 'involvedObject.namespace': 'other' },
    ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
  ],
  ['is in default when its object has no namespace', { 'involvedObject.namespace': '' }, []],
])

refuses(MODERN, [
  [
    'says who reports what',
    { reportingComponent: '', reportingInstance: '', action: 'x'.repeat(129), reason: '' },
    [
      'reportingComponent: Required value',
      'reportingComponent: Invalid value: "": name part must be non-empty',
      "reportingComponent: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'reportingInstance: Required value',
      'action: Invalid value: "": can have at most 128 characters',
      'reason: Required value',
    ],
  ],
  [
    'is not a novel',
    { message: 'x'.repeat(1025) },
    ['message: Invalid value: "": can have at most 1024 characters'],
  ],
])

test('expires after an hour, and can be selected by its object and its source', () => {
  const kind = kindOf(EVENT)
  const value = (field: string) => kind.selectableFields[field]!(created(EVENT))
  assert.equal(kind.ttlSeconds, 3600)
  assert.equal(value('involvedObject.name'), 'web')
  assert.equal(value('involvedObject.uid'), '')
  assert.equal(value('source'), 'node-agent')
  assert.equal(kind.selectableFields['source']!(created(MODERN)), 'brume.dev/agent')
})

test('the table begins with when it was last seen and has the name at its end', () => {
  assert.deepEqual(Object.entries(cellsOf(EVENT)), [
    ['Last Seen', '60s'],
    ['Type', 'Normal'],
    ['Reason', 'Started'],
    ['Object', 'pod/web'],
    ['Subobject', 'spec.containers{a}'],
    ['Source', 'node-agent, n1'],
    ['Message', 'It runs.'],
    ['First Seen', '60m'],
    ['Count', 3],
    ['Name', 'web.1'],
  ])
  const cells = cellsOf(
    withPaths(MODERN, { series: { count: 9, lastObservedTime: '2025-01-01T23:59:50.000000Z' } }),
  )
  assert.equal(cells['Last Seen'], '10s')
  assert.equal(cells['First Seen'], '2m')
  assert.equal(cells['Count'], 9)
})
