import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusPatch } from './status-patch.ts'

const ready = { type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: 'T1' }

test('what the API has already is not written, whatever it calls empty', () => {
  const current = {
    phase: 'Running',
    qosClass: 'BestEffort',
    containerStatuses: [{ name: 'a', state: { running: { startedAt: 'T' } }, ready: true, restartCount: 0 }],
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'True', lastTransitionTime: 'T1' },
    ],
  }
  const next = {
    phase: 'Running',
    reason: null,
    message: '',
    podIPs: [],
    containerStatuses: [
      { name: 'a', state: { running: { startedAt: 'T' } }, lastState: {}, ready: true, restartCount: 0 },
    ],
    conditions: [ready],
  }
  assert.equal(statusPatch(current, next), undefined)
})

test('only what differs is written', () => {
  const current = { phase: 'Pending', startTime: 'T0', hostIP: '192.0.2.1' }
  assert.deepEqual(statusPatch(current, { phase: 'Running', startTime: 'T0' }), { phase: 'Running' })
})

test('zero and false are values', () => {
  assert.deepEqual(statusPatch({}, { restartCount: 0, started: false }), { restartCount: 0, started: false })
})

test('the order of conditions does not matter, and those of others are left alone', () => {
  const mine = [ready, { type: 'Initialized', status: 'True' }]
  const current = { conditions: [{ type: 'example.com/gate', status: 'True' }, ...mine.toReversed()] }
  assert.equal(statusPatch(current, { conditions: mine }), undefined)
})

test('a reason that holds no longer is taken out of its condition by name', () => {
  const current = {
    conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'm' }],
  }
  assert.deepEqual(statusPatch(current, { conditions: [ready] }), {
    conditions: [{ reason: null, message: null, ...ready }],
  })
})

test('addresses of a new sandbox take the place of the old ones', () => {
  const current = { podIP: '10.1.0.2', podIPs: [{ ip: '10.1.0.2' }] }
  assert.deepEqual(statusPatch(current, { podIP: '10.1.0.3', podIPs: [{ ip: '10.1.0.3' }] }), {
    podIP: '10.1.0.3',
    podIPs: [{ $patch: 'replace' }, { ip: '10.1.0.3' }],
  })
})
