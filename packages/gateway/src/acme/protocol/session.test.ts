import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { testServerCertificate } from '@brume/testkit/server-certificate'
import { newPrivateKey } from '../records.ts'
import { AcmeError } from './error.ts'
import { accountKey } from './jws.ts'
import { newOrder } from './orders.ts'
import { AcmeSession, retryAfter } from './session.ts'

const PROBLEM = 'application/problem+json'
const NONCE = { 'replay-nonce': 'a' }

/** A server that answers all orders as told, and what is sent to it. */
async function refusing(t: TestContext, answer: RequestListener) {
  const { cert, key, ca } = await testServerCertificate()
  const asked: string[] = []
  const server = createServer({ cert, key }, (message, response) => {
    asked.push(message.url!)
    const at = (path: string) => `https://127.0.0.1:${port}${path}`
    if (message.url === '/dir') {
      const directory = { newNonce: at('/nonce'), newAccount: at('/account'), newOrder: at('/order') }
      response.end(JSON.stringify(directory))
    } else if (message.url === '/nonce') response.writeHead(200, NONCE).end()
    else if (message.url === '/account') response.writeHead(201, { ...NONCE, location: at('/me') }).end('{}')
    else answer(message, response)
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const session = new AcmeSession({
    ...{ directory: `https://127.0.0.1:${port}/dir`, ca, email: 'a@example.org', clock: systemClock },
    externalAccount: undefined,
    key: accountKey(newPrivateKey()),
  })
  t.after(() => session.close())
  return { session, asked }
}

async function refusalOf(session: AcmeSession): Promise<AcmeError> {
  const error = await newOrder(session, ['a.example.org']).catch((thrown) => thrown)
  assert.ok(error instanceof AcmeError, String(error))
  return error
}

test('a CA that has had enough says when it may be asked again', async (t) => {
  const { session } = await refusing(t, (_, response) => {
    response.writeHead(429, { ...NONCE, 'content-type': PROBLEM, 'retry-after': '7200' })
    response.end(JSON.stringify({ type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too\nmany' }))
  })
  const { type, message, retryAfterMs } = await refusalOf(session)
  assert.deepEqual([type, message, retryAfterMs], ['rateLimited', 'too many', 7_200_000])
})

test('nonces that are never good come to an end', async (t) => {
  const { session, asked } = await refusing(t, (_, response) => {
    response.writeHead(400, { ...NONCE, 'content-type': PROBLEM })
    response.end(JSON.stringify({ type: 'urn:ietf:params:acme:error:badNonce', detail: 'no' }))
  })
  assert.equal((await refusalOf(session)).type, 'badNonce')
  assert.equal(asked.filter((path) => path === '/order').length, 10)
})

test('what is no answer of a CA is an error that says so', async (t) => {
  const answers: [number, string, string, string][] = [
    [502, 'text/html', '<html>', 'server'],
    [201, 'application/json', '{}', 'malformed'],
    [403, PROBLEM, 'no JSON', 'malformed'],
    [403, PROBLEM, '{"type":"about:blank"}', 'server'],
    [200, 'application/json', 'x'.repeat(2_000_000), 'unreachable'],
  ]
  let next = answers[0]!
  const { session } = await refusing(t, (_, response) => {
    response.writeHead(next[0], { ...NONCE, 'content-type': next[1] }).end(next[2])
  })
  for (const answer of answers) {
    next = answer
    assert.equal((await refusalOf(session)).type, answer[3], answer.join(' ').slice(0, 80))
  }
})

test('of several names the one that failed is named', async (t) => {
  const { session } = await refusing(t, (_, response) => {
    response.writeHead(403, { ...NONCE, 'content-type': PROBLEM })
    const caa = { type: 'urn:ietf:params:acme:error:caa', identifier: { value: 'b.org' }, detail: 'not us' }
    response.end(JSON.stringify({ type: 'urn:ietf:params:acme:error:compound', subproblems: [caa] }))
  })
  const { type, message } = await refusalOf(session)
  assert.deepEqual([type, message], ['caa', 'b.org: not us'])
})

test('Retry-After is seconds or a date, and bounded', () => {
  const now = Date.parse('2030-01-01T00:00:00Z')
  const of = (text: string) => retryAfter({ headers: { 'retry-after': text } }, now)
  assert.equal(of('3'), 3000)
  assert.equal(of('Tue, 01 Jan 2030 00:01:00 GMT'), 60_000)
  assert.equal(of('Mon, 31 Dec 2029 00:01:00 GMT'), 0)
  assert.equal(of('99999999'), 7 * 24 * 3600_000)
  assert.equal(of('soon'), undefined)
})
