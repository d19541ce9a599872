import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../../validate/json.ts'
import { columnNames, podObject, row } from '../../fixtures.ts'
import { pod } from './kind.ts'

const running = (name: string, extra: Json = {}) => ({
  name,
  ready: true,
  restartCount: 0,
  state: { running: {} },
  ...extra,
})
const cells = (spec: Json, status: Json, metadata: Json = {}) =>
  row(pod, { ...podObject(spec, metadata), status }).slice(0, 3)

test('the columns of kubectl get pods, and of -o wide', () => {
  assert.deepEqual(columnNames(pod), [
    'Ready',
    'Status',
    'Restarts',
    'Age',
    'IP*',
    'Node*',
    'Nominated Node*',
    'Readiness Gates*',
  ])
  const status = {
    phase: 'Running',
    podIP: '10.0.0.1',
    podIPs: [{ ip: '10.0.0.1' }],
    containerStatuses: [running('c')],
    conditions: [{ type: 'example.com/open', status: 'True' }],
  }
  const spec = {
    nodeName: 'n',
    readinessGates: [{ conditionType: 'example.com/open' }, { conditionType: 'x' }],
  }
  assert.deepEqual(row(pod, { ...podObject(spec), status }), [
    '1/1',
    'Running',
    '0',
    '24h',
    '10.0.0.1',
    'n',
    '<none>',
    '1/2',
  ])
  assert.deepEqual(row(pod, podObject()).slice(4), ['<none>', '<none>', '<none>', '<none>'])
})

test('the status says what holds a pod up', () => {
  const waiting = (reason: string) => ({ name: 'c', restartCount: 0, state: { waiting: { reason } } })
  const ended = (terminated: object) => ({ name: 'c', restartCount: 0, state: { terminated } })
  const cases: [string, Json, Json][] = [
    ['Pending', {}, { phase: 'Pending' }],
    [
      'SchedulingGated',
      {},
      { phase: 'Pending', conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }] },
    ],
    ['Evicted', {}, { phase: 'Failed', reason: 'Evicted' }],
    ['CrashLoopBackOff', {}, { phase: 'Running', containerStatuses: [waiting('CrashLoopBackOff')] }],
    [
      'Completed',
      {},
      { phase: 'Succeeded', containerStatuses: [ended({ exitCode: 0, reason: 'Completed' })] },
    ],
    ['Error', {}, { phase: 'Failed', containerStatuses: [ended({ exitCode: 1, reason: 'Error' })] }],
    ['ExitCode:3', {}, { phase: 'Failed', containerStatuses: [ended({ exitCode: 3 })] }],
    ['Signal:9', {}, { phase: 'Failed', containerStatuses: [ended({ exitCode: 137, signal: 9 })] }],
    [
      'Init:0/2',
      { initContainers: [{ name: 'a' }, { name: 'b' }] },
      {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'a', state: { waiting: { reason: 'PodInitializing' } } }],
      },
    ],
    [
      'Init:CrashLoopBackOff',
      { initContainers: [{ name: 'a' }] },
      {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'a', state: { waiting: { reason: 'CrashLoopBackOff' } } }],
      },
    ],
    [
      'Init:ExitCode:1',
      { initContainers: [{ name: 'a' }] },
      { phase: 'Pending', initContainerStatuses: [{ name: 'a', state: { terminated: { exitCode: 1 } } }] },
    ],
    [
      'Init:Error',
      { initContainers: [{ name: 'a' }] },
      {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'a', state: { terminated: { exitCode: 1, reason: 'Error' } } }],
      },
    ],
  ]
  for (const [text, spec, status] of cases) assert.equal(cells(spec, status)[1], text)
})

test('pods that are being deleted terminate, unless they have ended or their node is lost', () => {
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' }
  assert.equal(cells({}, { phase: 'Running' }, deleted)[1], 'Terminating')
  assert.equal(cells({}, { phase: 'Succeeded' }, deleted)[1], 'Succeeded')
  assert.equal(cells({}, { phase: 'Running', reason: 'NodeLost' }, deleted)[1], 'Unknown')
})

test('a pod with one container done and one running is running when it is ready', () => {
  const containerStatuses = [
    { name: 'a', restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
    running('b'),
  ]
  const spec = { containers: [{ name: 'a' }, { name: 'b' }] }
  const conditions = [{ type: 'Ready', status: 'True' }]
  assert.deepEqual(cells(spec, { phase: 'Running', containerStatuses, conditions }), ['1/2', 'Running', '0'])
  assert.deepEqual(cells(spec, { phase: 'Running', containerStatuses }), ['1/2', 'NotReady', '0'])
})

test('restarts are added up and dated', () => {
  const containerStatuses = [
    running('a', { restartCount: 2, lastState: { terminated: { finishedAt: '2026-01-01T23:50:00Z' } } }),
    running('b', { restartCount: 1, lastState: { terminated: { finishedAt: '2026-01-01T23:55:00Z' } } }),
  ]
  const spec = { containers: [{ name: 'a' }, { name: 'b' }] }
  assert.deepEqual(cells(spec, { phase: 'Running', containerStatuses }), ['2/2', 'Running', '3 (5m ago)'])
})

test('sidecars count as containers', () => {
  const spec = { initContainers: [{ name: 's', restartPolicy: 'Always' }] }
  const status = {
    phase: 'Running',
    initContainerStatuses: [running('s', { started: true, restartCount: 4 })],
    containerStatuses: [running('c', { restartCount: 1 })],
  }
  assert.deepEqual(cells(spec, status), ['2/2', 'Running', '5'])
})
