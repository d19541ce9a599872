// The protocol as Pebble understands it, in strict mode: signatures, nonces and states are checked by people other than us.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import { type Pebble, startPebble, whyNoPebble } from '@brume/testkit/pebble'
import { newPrivateKey } from '../records.ts'
import { AcmeError } from './error.ts'
import { accountKey, type ExternalAccount } from './jws.ts'
import { finalize, newOrder, type Order, readCertificate, readOrder, respond } from './orders.ts'
import { AcmeSession } from './session.ts'

const CUSTOMER = {
  keyId: 'kid-1',
  key: Buffer.from('a key of a customer, 32 letters.').toString('base64url'),
}

describe('a CA that speaks ACME', { skip: whyNoPebble() ?? false, timeout: 180_000 }, () => {
  const answers = new Map<string, string>()
  const open: AcmeSession[] = []
  let web: Server
  let pebble: Pebble
  let httpPort = 0

  before(async () => {
    httpPort = await freePort()
    web = createServer((message, response) => response.end(answers.get(message.url!) ?? 'nobody')).listen(
      httpPort,
    )
    await once(web, 'listening')
    pebble = await startPebble({ httpPort, refusedNonces: 40, customers: { [CUSTOMER.keyId]: CUSTOMER.key } })
  })
  after(async () => {
    for (const session of open) session.close()
    await pebble?.stop()
    web?.close()
  })

  function sessionOf(
    more: { externalAccount?: ExternalAccount; ca?: string | undefined; key?: string; email?: string } = {},
  ) {
    const session = new AcmeSession({
      ...{ directory: pebble.directory, ca: pebble.ca, email: 'a@example.org', clock: systemClock },
      externalAccount: CUSTOMER,
      ...more,
      key: accountKey(more.key ?? newPrivateKey()),
    })
    open.push(session)
    return session
  }

  const reached = (session: AcmeSession, url: string, statuses: readonly string[]): Promise<Order> =>
    eventually(`the order is ${statuses.join(' or ')}`, async () => {
      const order = await readOrder(session, url, systemClock)
      return statuses.includes(order.status) && order
    })

  async function proven(session: AcmeSession, hosts: readonly string[]): Promise<string> {
    const url = await newOrder(session, hosts)
    const order = await readOrder(session, url, systemClock)
    for (const { challenge } of order.authorizations) {
      answers.set(`/.well-known/acme-challenge/${challenge!.token}`, challenge!.answer)
      await respond(session, challenge!)
    }
    return url
  }

  it('gives a certificate for what was proven, though it refuses many a nonce', async () => {
    const session = sessionOf()
    const hosts = ['a.example.org', 'b.example.org']
    const url = await proven(session, hosts)
    const key = newPrivateKey()
    await finalize(session, await reached(session, url, ['ready']), requestFor(key, hosts))
    const text = await readCertificate(session, await reached(session, url, ['valid']))
    const leaf = new X509Certificate(text)
    assert.equal(leaf.subjectAltName, 'DNS:a.example.org, DNS:b.example.org')
    assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, 2, 'with what signed it')
  })

  it('says why it does not believe a proof', async () => {
    const session = sessionOf()
    const url = await newOrder(session, ['wrong.example.org'])
    const { authorizations } = await readOrder(session, url, systemClock)
    await respond(session, authorizations[0]!.challenge!)
    const order = await reached(session, url, ['invalid'])
    const error = order.authorizations[0]?.challenge?.error
    assert.equal(error?.type, 'unauthorized')
    assert.match(error.message, /key authorization/i)
  })

  it('finds the account by its key, under another address too', async () => {
    const key = newPrivateKey()
    const first = sessionOf({ key })
    const url = await newOrder(first, ['again.example.org'])
    const second = sessionOf({ key, email: 'b@example.org' })
    assert.equal((await readOrder(second, url, systemClock)).status, 'pending')
    const stranger = sessionOf()
    await assert.rejects(readOrder(stranger, url, systemClock), AcmeError)
  })

  it('lets in only whom it knows, where it wants to', async () => {
    await assert.rejects(
      newOrder(sessionOf({ externalAccount: undefined as never }), ['a.example.org']),
      (error) => error instanceof AcmeError && error.type === 'externalAccountRequired',
    )
    const wrong = { keyId: CUSTOMER.keyId, key: Buffer.alloc(32).toString('base64url') }
    await assert.rejects(newOrder(sessionOf({ externalAccount: wrong }), ['a.example.org']), AcmeError)
  })

  it('gets its account anew when it has lost it', async () => {
    const session = sessionOf()
    await newOrder(session, ['a.example.org'])
    await pebble.restart()
    const again = () => newOrder(session, ['a.example.org'])
    await assert.rejects(
      again(),
      (error) => error instanceof AcmeError && error.type === 'accountDoesNotExist',
    )
    assert.match(await again(), /^https:/)
  })

  it('is not talked to when its own certificate is of nobody', async () => {
    await assert.rejects(
      newOrder(sessionOf({ ca: undefined }), ['a.example.org']),
      (error) =>
        error instanceof AcmeError && error.type === 'unreachable' && /certificate/.test(error.message),
    )
  })
})

/** By OpenSSL: not by us. */
function requestFor(key: string, hosts: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'brume-request-'))
  try {
    const path = join(dir, 'key.pem')
    writeFileSync(path, key)
    const names = `subjectAltName=${hosts.map((host) => `DNS:${host}`).join()}`
    return execFileSync('openssl', ['req', '-new', '-key', path, '-subj', '/', '-addext', names]).toString()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
