import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { testServerCertificate } from '@brume/testkit/server-certificate'
import { newPrivateKey } from '../records.ts'
import { certificateId } from './certificate-id.ts'
import { accountKey } from './jws.ts'
import { newOrder } from './orders.ts'
import { adviceOf } from './renewal-info.ts'
import { AcmeSession } from './session.ts'

const PROBLEM = 'application/problem+json'
const NONCE = { 'replay-nonce': 'a' }
const HOUR_MS = 3600_000
const START = Date.parse('2030-01-01T00:00:00Z')
const clock = { ...systemClock, now: () => START }

/** A CA that gives advice at /renewal, or (`silent`) that knows nothing of it. */
async function caOf(t: TestContext, answer: RequestListener, silent = false) {
  const { cert, key, ca } = await testServerCertificate()
  const asked: string[] = []
  const server = createServer({ cert, key }, (message, response) => {
    asked.push(`${message.method} ${message.url}`)
    const at = (path: string) => `https://127.0.0.1:${port}${path}`
    if (message.url === '/dir')
      response.end(
        JSON.stringify({
          ...{ newNonce: at('/nonce'), newAccount: at('/account'), newOrder: at('/order') },
          ...(silent ? {} : { renewalInfo: at('/renewal/') }),
        }),
      )
    else if (message.url === '/nonce') response.writeHead(200, NONCE).end()
    else if (message.url === '/account') response.writeHead(201, { ...NONCE, location: at('/me') }).end('{}')
    else answer(message, response)
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const session = new AcmeSession({
    ...{ directory: `https://127.0.0.1:${port}/dir`, ca, email: 'a@example.org', clock },
    externalAccount: undefined,
    key: accountKey(newPrivateKey()),
  })
  t.after(() => session.close())
  return { session, asked }
}

const windowOf = (startMs: number, endMs: number) => ({
  suggestedWindow: {
    start: new Date(START + startMs).toISOString(),
    end: new Date(START + endMs).toISOString(),
  },
})

test('a certificate is known by the key that signed it and its number, as they are written in it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-certificate-id-'))
  try {
    const path = join(dir, 'crt.pem')
    const argv = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    const make = (...more: string[]) => {
      execFileSync(
        'openssl',
        [...argv, '-subj', '/CN=a', '-keyout', join(dir, 'key.pem'), '-out', path, ...more],
        { stdio: 'ignore' },
      )
      return new X509Certificate(readFileSync(path))
    }
    const shown = (found: X509Certificate) =>
      execFileSync('openssl', ['x509', '-noout', '-ext', 'authorityKeyIdentifier'], {
        input: found.toString(),
        encoding: 'utf8',
      })
    // A number whose first bit is set has an octet before it: so it is in RFC 9773's own example, AIdlQyE.
    const found = make('-set_serial', '0x87654321')
    const hex = /([0-9A-F]{2}(?::[0-9A-F]{2}){19})/.exec(shown(found))![1]!.replaceAll(':', '')
    assert.equal(certificateId(found), `${Buffer.from(hex, 'hex').toString('base64url')}.AIdlQyE`)
    assert.equal(certificateId(make('-addext', 'authorityKeyIdentifier=none')), undefined)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('the time of renewal lies in the window that the CA suggests, and stays there however often it is asked', async (t) => {
  const { session, asked } = await caOf(t, (_, response) => {
    response.writeHead(200, { 'retry-after': '7200' })
    response.end(JSON.stringify({ ...windowOf(0, HOUR_MS), explanationURL: 'https://ca.example.org/why' }))
  })
  const times = new Set<number>()
  for (const id of ['a.b', 'c.d', 'a.b']) {
    const { renewAt, why, askAgainAt } = await adviceOf(session, id, clock)
    assert.ok(renewAt! >= START && renewAt! < START + HOUR_MS)
    assert.deepEqual([why, askAgainAt], ['https://ca.example.org/why', START + 2 * HOUR_MS])
    times.add(renewAt!)
  }
  assert.equal(times.size, 2)
  assert.deepEqual(asked, ['GET /dir', 'GET /renewal/a.b', 'GET /renewal/c.d', 'GET /renewal/a.b'])
})

test('what is no advice is none, and is asked for again within bounds', async (t) => {
  const answers: [number, Record<string, string>, string, number][] = [
    [200, {}, JSON.stringify(windowOf(HOUR_MS, 0)), 6],
    [200, {}, '{"suggestedWindow": {"start": "soon"}}', 6],
    [200, { 'retry-after': '1' }, '{"explanationURL": "javascript:x"}', 1 / 60],
    [200, { 'retry-after': '9999999' }, '{}', 24],
    [200, {}, 'no JSON', 6],
    [503, { 'retry-after': '3600' }, '', 1],
    [404, { 'content-type': PROBLEM }, '{"type":"urn:ietf:params:acme:error:malformed"}', 6],
  ]
  let next = answers[0]!
  const { session } = await caOf(t, (_, response) => void response.writeHead(next[0], next[1]).end(next[2]))
  for (const answer of answers) {
    next = answer
    const found = await adviceOf(session, 'a.b', clock)
    assert.deepEqual(found, {
      ...{ id: 'a.b', renewAt: undefined, why: '' },
      askAgainAt: START + answer[3] * HOUR_MS,
    })
  }
  const { session: silent, asked } = await caOf(t, () => assert.fail('it is not asked'), true)
  assert.equal((await adviceOf(silent, 'a.b', clock)).renewAt, undefined)
  assert.deepEqual(asked, ['GET /dir'])
})

test('an order names the certificate that it replaces, and is made without where the CA does not take that', async (t) => {
  const orders: string[] = []
  const payloadOf = async (message: IncomingMessage) => {
    let text = ''
    for await (const part of message) text += part
    return Buffer.from(JSON.parse(text).payload, 'base64url').toString()
  }
  let refuses = false
  const answer: RequestListener = async (message, response) => {
    const payload = await payloadOf(message)
    orders.push(payload)
    if (refuses && payload.includes('replaces')) {
      response.writeHead(409, { ...NONCE, 'content-type': PROBLEM })
      response.end('{"type":"urn:ietf:params:acme:error:alreadyReplaced"}')
    } else response.writeHead(201, { ...NONCE, location: 'https://ca/o' }).end('{}')
  }
  const plain = '{"identifiers":[{"type":"dns","value":"a.org"}]}'
  const replacing = '{"identifiers":[{"type":"dns","value":"a.org"}],"replaces":"a.b"}'
  const { session } = await caOf(t, answer)
  assert.equal(await newOrder(session, ['a.org'], 'a.b'), 'https://ca/o')
  refuses = true
  assert.equal(await newOrder(session, ['a.org'], 'a.b'), 'https://ca/o')
  assert.deepEqual(orders.splice(0), [replacing, replacing, plain])
  const { session: silent } = await caOf(t, answer, true)
  await newOrder(silent, ['a.org'], 'a.b')
  assert.deepEqual(orders, [plain])
})
