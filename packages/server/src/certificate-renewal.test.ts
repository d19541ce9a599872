import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { ensurePki, type Pki } from '@brume/apiserver/auth/pki/ensure'
import { listen } from '@brume/apiserver/http/listener'
import { createLogger } from '@brume/base/log'
import { fakeClock } from '@brume/client/testing/fake-clock'
import { eventually } from '@brume/testkit/eventually'
import { renewCertificates } from './certificate-renewal.ts'

const DAY_MS = 24 * 3600_000
const LIMIT_MS = 10_000

async function running(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'brume-renewal-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  // Ends up at the machine's own time: TLS clients go by that.
  const clock = fakeClock(Date.now() - 281 * DAY_MS)
  const lines: string[] = []
  const logger = createLogger('info', (line) => void lines.push(line))
  const pki = await ensurePki(dir, { hosts: [], clock })
  const listener = await listen({
    server: { handle: async () => ({ status: 200, headers: {}, body: 'ok' }) },
    ...{ host: '127.0.0.1', port: 0, logger, clientCa: pki.ca.certificatePem },
    ...{ key: pki.server.privateKeyPem, certificate: pki.server.certificatePem },
  })
  t.after(() => listener.close(0))
  const renewed: Pki[] = []
  const hosts: string[] = []
  const renewal = renewCertificates({
    ...{ pki, clock, logger },
    hosts: () => hosts,
    onRenewed(now) {
      renewed.push(now)
      listener.renew({ key: now.server.privateKeyPem, certificate: now.server.certificatePem })
    },
  })
  t.after(() => renewal.stop())
  const presented = () => certificateAt(listener.port, pki.ca.certificatePem)
  return { dir, clock, pki, renewed, renewal, presented, hosts, lines }
}

/** What the server presents to a client that connects now; the chain is checked. */
function certificateAt(port: number, ca: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['http/1.1'] }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw))
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

test('a running server gets a new certificate in the last quarter of the old one', async (t) => {
  const { clock, pki, renewed, renewal, presented } = await running(t)
  const first = await presented()
  await clock.advance(DAY_MS)
  await eventually('the first look is over', () => clock.timers === 1, LIMIT_MS)
  assert.equal((await presented()).fingerprint256, first.fingerprint256)
  assert.equal(renewed.length, 0)

  await clock.advance(280 * DAY_MS)
  await eventually('the certificate is renewed', () => renewed.length === 1, LIMIT_MS)
  const second = await presented()
  assert.notEqual(second.fingerprint256, first.fingerprint256)
  assert.ok(second.validToDate.getTime() > first.validToDate.getTime() + 200 * DAY_MS)
  const [now] = renewed
  assert.notEqual(now!.admin.certificatePem, pki.admin.certificatePem)
  assert.equal(now!.ca.certificatePem, pki.ca.certificatePem)
  assert.deepEqual(
    now!.serviceAccount.publicKeys.map((key) => key.export({ type: 'spki', format: 'pem' })),
    pki.serviceAccount.publicKeys.map((key) => key.export({ type: 'spki', format: 'pem' })),
  )

  await eventually('it looks again the next day', () => clock.timers === 1, LIMIT_MS)
  renewal.stop()
  assert.equal(clock.timers, 0)
})

test('a machine that got another address is certified for it the next day', async (t) => {
  const { clock, hosts, renewed, presented } = await running(t)
  hosts.push('192.0.2.7')
  await clock.advance(DAY_MS)
  await eventually('the certificate is renewed', () => renewed.length === 1, LIMIT_MS)
  assert.match((await presented()).subjectAltName ?? '', /192\.0\.2\.7/)
})

test('a renewal that fails is told of and tried again', async (t) => {
  const { dir, clock, lines, renewed, pki } = await running(t)
  await writeFile(join(dir, 'ca.key'), 'damaged')
  await clock.advance(DAY_MS)
  await eventually(
    'the failure is logged',
    () => lines.some((line) => line.includes('could not be renewed')),
    LIMIT_MS,
  )
  await eventually('it will look again', () => clock.timers === 1, LIMIT_MS)
  assert.equal(renewed.length, 0)
  assert.doesNotMatch(lines.join('\n'), /BEGIN|damaged"/)
  await writeFile(join(dir, 'ca.key'), pki.ca.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await clock.advance(300 * DAY_MS)
  await eventually('the certificate is renewed', () => renewed.length === 1, LIMIT_MS)
})
