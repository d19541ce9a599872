import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatMicroTime } from '@brume/base/clock'
import { type AgentIdentity, identityText, isAlive, ownIdentity, parseIdentity } from './agent-identity.ts'
import { AGENT_ANNOTATION, decideClaim, refusal, WATCH_OTHER_MS } from './claim.ts'

const NOW = Date.UTC(2026, 0, 1)
const ME: AgentIdentity = { instance: 'i1', bootId: 'b1', pid: 10, startTicks: '100' }
const lease = (holder: Partial<AgentIdentity>, agoMs = 1000) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { annotations: { [AGENT_ANNOTATION]: identityText({ ...ME, ...holder }) } },
  spec: { renewTime: formatMicroTime(NOW - agoMs) },
})
const decide = (
  of: ReturnType<typeof lease> | undefined,
  { unchangedMs = 0, hasChanged = false, alive = false } = {},
) => decideClaim({ lease: of, unchangedMs, hasChanged }, ME, { now: NOW, isAlive: () => alive }).type

test('a lease that nobody has is taken', () => {
  assert.equal(decide(undefined), 'take')
})

test('an agent that was restarted goes on at once, unless its earlier process still runs', () => {
  assert.equal(decide(lease({ pid: 9 })), 'take')
  assert.equal(decide(lease({ pid: 9 }), { alive: true }), 'refused')
  assert.equal(decide(lease({}), { alive: true }), 'take')
})

test('after a boot an old lease is taken at once; a fresh one may be that of a copied disk', () => {
  assert.equal(decide(lease({ bootId: 'b0' }, WATCH_OTHER_MS)), 'take')
  assert.equal(decide(lease({ bootId: 'b0' })), 'wait')
  assert.equal(decide(lease({ bootId: 'b0' }), { hasChanged: true }), 'refused')
})

test('a stranger waits for as long as an agent that lives would not stay silent, whatever the clocks say', () => {
  const other = lease({ instance: 'i2' }, 24 * 3_600_000)
  assert.equal(decide(other), 'wait')
  assert.equal(decide(other, { unchangedMs: WATCH_OTHER_MS - 1 }), 'wait')
  assert.equal(decide(other, { unchangedMs: WATCH_OTHER_MS }), 'take')
  assert.equal(decide(other, { unchangedMs: WATCH_OTHER_MS, hasChanged: true }), 'refused')
})

test('a refusal names the other one, and what to do', () => {
  const text = refusal('n1', { ...ME, pid: 9 }, ME)
  assert.match(text, /node "n1" is served by another agent on this machine \(process 9\)/)
  assert.match(text, /kubectl delete lease -n kube-node-lease n1/)
})

test('an identity is read as it was written, and this process is alive', () => {
  assert.deepEqual(parseIdentity(identityText(ME)), ME)
  assert.equal(parseIdentity('kubelet'), undefined)
  assert.equal(isAlive(ME), false)
  const root = mkdtempSync(join(tmpdir(), 'brume-identity-'))
  try {
    const me = ownIdentity(join(root, 'node'), 'b')
    assert.equal(isAlive(me), true)
    assert.equal(ownIdentity(join(root, 'node'), 'b').instance, me.instance)
  } finally {
    rmSync(root, { recursive: true })
  }
})
