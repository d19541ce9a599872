import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '@brume/client/client'
import { fakeClock } from '@brume/client/testing/fake-clock'
import { jsonResponse, ScriptedTransport, statusResponse } from '@brume/client/testing/scripted-transport'
import { testPod } from '../containers/testing.ts'
import { PodTokens } from './tokens.ts'

const MINUTE = 60_000

/** A server that counts its tokens; `failing` makes it refuse. */
function server() {
  const clock = fakeClock()
  const state = { failing: false, asked: [] as unknown[] }
  const transport = new ScriptedTransport((request) => {
    if (state.failing) return statusResponse(403, 'Forbidden', 'no')
    const body = JSON.parse(String(request.body))
    state.asked.push({ path: request.path, spec: body.spec })
    const { expirationSeconds } = body.spec
    const status = {
      token: `token-${state.asked.length}`,
      expirationTimestamp: new Date(clock.now() + expirationSeconds * 1000).toISOString(),
    }
    return jsonResponse(201, { ...body, status })
  })
  const tokens = new PodTokens({ client: new Client({ transport, clock }), clock })
  return { clock, state, tokens }
}

const HOUR = { audience: '', expirationSeconds: 3600 }

test('a token is asked for the pod, and kept for four fifths of its time', async () => {
  const { clock, state, tokens } = server()
  const pod = testPod({ serviceAccountName: 'shopper' })
  assert.equal(await tokens.get(pod, HOUR), 'token-1')
  assert.deepEqual(state.asked, [
    {
      path: '/api/v1/namespaces/shop/serviceaccounts/shopper/token',
      spec: {
        audiences: [],
        expirationSeconds: 3600,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'uid-1' },
      },
    },
  ])
  await clock.advance(47 * MINUTE)
  assert.equal(await tokens.get(pod, HOUR), 'token-1')
  await clock.advance(2 * MINUTE)
  assert.equal(await tokens.get(pod, HOUR), 'token-2')
})

test('a token that lasts for days is renewed each day', async () => {
  const { clock, tokens } = server()
  const week = { audience: '', expirationSeconds: 7 * 86_400 }
  await tokens.get(testPod(), week)
  await clock.advance(23 * 60 * MINUTE)
  assert.equal(await tokens.get(testPod(), week), 'token-1')
  await clock.advance(61 * MINUTE)
  assert.equal(await tokens.get(testPod(), week), 'token-2')
})

test('while no new one is given the old one does, as long as it holds', async () => {
  const { clock, state, tokens } = server()
  await tokens.get(testPod(), HOUR)
  state.failing = true
  await clock.advance(55 * MINUTE)
  assert.equal(await tokens.get(testPod(), HOUR), 'token-1')
  await clock.advance(6 * MINUTE)
  await assert.rejects(tokens.get(testPod(), HOUR), { reason: 'Forbidden' })
  state.failing = false
  assert.equal(await tokens.get(testPod(), HOUR), 'token-2')
})

test('audiences and pods have tokens of their own, and a pod that went has none', async () => {
  const { tokens } = server()
  assert.equal(await tokens.get(testPod(), HOUR), 'token-1')
  assert.equal(await tokens.get(testPod(), { ...HOUR, audience: 'vault' }), 'token-2')
  assert.equal(await tokens.get(testPod({}, { uid: 'uid-2' }), HOUR), 'token-3')
  tokens.forget('uid-1')
  assert.equal(await tokens.get(testPod(), HOUR), 'token-4')
  assert.equal(await tokens.get(testPod({}, { uid: 'uid-2' }), HOUR), 'token-3')
})
