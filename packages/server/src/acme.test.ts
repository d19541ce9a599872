// Certificates of a CA, the whole way: an Ingress that asks, a control plane, HAProxy, and Pebble, which looks at the
// proofs over HTTP and knows nothing of us.

import assert from 'node:assert/strict'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { after, before, describe, it } from 'node:test'
import { connect, type PeerCertificate } from 'node:tls'
import type { KubeObject } from '@brume/api/object'
import type { Clock, Timer } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { EVENTS, INGRESSES, SECRETS } from '@brume/client/builtin'
import { findExecutable } from '@brume/machine/executables'
import { type AdvisingDirectory, advisingDirectory } from '@brume/testkit/advising-directory'
import { ask } from '@brume/testkit/ask'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import { type Pebble, startPebble, whyNoPebble } from '@brume/testkit/pebble'
import { type Edge, endEdge, startLocalEdge } from './local-edge.ts'

const skip = whyNoPebble() ?? (findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false)
const MINUTE_MS = 60_000
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS
const ASKS = { 'brume.dev/certificate': 'acme' }

/** The machine's, as far ahead as it was moved; timers that are due by that fire. */
function movableClock(): Clock & { move(ms: number): void } {
  let ahead = 0
  const waiting = new Set<{ at: number; fire: () => void }>()
  const now = () => Date.now() + ahead
  return {
    now,
    after(delayMs, fn): Timer {
      const one = { at: now() + delayMs, fire: () => {} }
      // Longer ones than Node takes end by being moved to.
      const timer = setTimeout(() => one.fire(), Math.min(delayMs, 2 ** 31 - 1))
      timer.unref()
      const cancel = () => {
        waiting.delete(one)
        clearTimeout(timer)
      }
      one.fire = () => {
        cancel()
        fn()
      }
      waiting.add(one)
      return { cancel }
    },
    move(ms) {
      ahead += ms
      for (const one of [...waiting]) if (one.at <= now()) one.fire()
    },
  }
}

describe('an Ingress that asks for a certificate', { skip, timeout: 240_000 }, () => {
  const clock = movableClock()
  const ports = { http: 0, https: 0 }
  /** Names that this machine does not find. */
  const unknown = new Set<string>()
  let plane: TestControlPlane
  let pebble: Pebble
  let advisor: AdvisingDirectory
  let edge: Edge

  const start = () =>
    startLocalEdge({
      ...{ plane: plane.plane, dir: plane.dir, ports, clock, logger: silentLogger },
      domain: 'brume.localhost',
      addresses: ['127.0.0.1'],
      acme: {
        ...{ email: 'a@example.org', directory: advisor.url, ca: pebble.ca + advisor.ca },
        externalAccount: undefined,
        all: false,
      },
      acmeReach: { publicPort: ports.http, lookup },
    })

  function lookup(
    host: string,
    options: LookupOptions,
    done: (error: Error | null, found: string | LookupAddress[], family?: number) => void,
  ): void {
    if (unknown.has(host)) {
      done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), '')
    } else if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }])
    else done(null, '127.0.0.1', 4)
  }

  before(async () => {
    ports.http = await freePort()
    ports.https = await freePort()
    plane = await startTestControlPlane()
    pebble = await startPebble({ httpPort: ports.http, refusedNonces: 15 })
    advisor = await advisingDirectory(pebble.read)
    edge = await start()
  })
  after(async () => {
    await edge?.close()
    if (plane !== undefined) await endEdge(plane.dir)
    advisor?.close()
    await pebble?.stop()
    await plane?.stop()
  })

  async function makeIngress(name: string, host: string, { tls = true, annotations = {} } = {}) {
    const backend = { service: { name: 'web', port: { number: 80 } } }
    await plane.client.resource(INGRESSES).create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, namespace: 'default', annotations: { ...ASKS, ...annotations } },
      spec: {
        rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
        ...(tls ? { tls: [{ hosts: [host], secretName: `${name}-cert` }] } : {}),
      },
    } as KubeObject)
  }
  const secret = (name: string) => plane.client.resource(SECRETS).get({ namespace: 'default', name })
  const ingress = (name: string) => plane.client.resource(INGRESSES).get({ namespace: 'default', name })
  const standing = async (name: string) =>
    (await ingress(name)).metadata.annotations?.['brume.dev/certificate-status'] ?? ''
  async function eventsOf(name: string, reason: string): Promise<string[]> {
    const { items } = await plane.client.resource(EVENTS).list({ namespace: 'default' })
    const about = items.filter((event) => event['involvedObject'].name === name && event['reason'] === reason)
    return about.map((event) => String(event['message']))
  }
  async function orders(): Promise<KubeObject[]> {
    const labelSelector = 'brume.dev/acme=order'
    return (await plane.client.resource(SECRETS).list({ namespace: 'kube-system', labelSelector })).items
  }

  /** What is shown for the name, when the chain leads to the CA's root; else nothing. */
  async function shown(host: string): Promise<PeerCertificate | undefined> {
    const ca = await pebble.root()
    return new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: ports.https, servername: host, ca }, () => {
        resolve(socket.getPeerCertificate())
        socket.destroy()
      })
      socket.on('error', () => resolve(undefined))
    })
  }

  const statusOf = async (host: string, path: string) => (await ask({ port: ports.http, host, path })).status

  it('is shown with one of that CA, and says so', async () => {
    await makeIngress('web', 'web.example.org')
    await eventually('the certificate is shown', () => shown('web.example.org'))
    await eventually('it is said', async () => /^web-cert: valid until/.test(await standing('web')))
    assert.match(
      (await eventsOf('web', 'CertificateOrdered'))[0] ?? '',
      /web\.example\.org is ordered of https:/,
    )
    assert.match((await eventsOf('web', 'CertificateIssued'))[0] ?? '', /is in Secret web-cert/)
    const { type, metadata } = await secret('web-cert')
    assert.equal(type, 'kubernetes.io/tls')
    assert.equal(metadata.labels?.['brume.dev/certificate'], 'acme')
    assert.equal(metadata.annotations?.['brume.dev/certificate-of'], 'Ingress/web')
    assert.deepEqual(await orders(), [], 'nothing is left of getting it')
    assert.deepEqual(await eventsOf('web', 'Certificate'), [], 'that it was not there yet is no mistake')
    assert.equal(
      await statusOf('web.example.org', '/.well-known/acme-challenge/x'),
      308,
      'the route is as it was',
    )
  })

  it('without a tls section has one too, and is not sent to HTTPS', async () => {
    await makeIngress('plain', 'plain.example.org', { tls: false })
    await eventually('the certificate is shown', () => shown('plain.example.org'))
    assert.equal((await secret('plain-tls')).metadata.labels?.['brume.dev/certificate'], 'acme')
    assert.equal(await statusOf('plain.example.org', '/'), 503)
  })

  it('is told what the CA does not like, and what to do; the next try, later, succeeds', async () => {
    await pebble.setAddress('late.example.org', '255.255.255.255')
    await makeIngress('late', 'late.example.org')
    const [message] = await eventually('it is told', async () => {
      const found = await eventsOf('late', 'CertificateFailed')
      return found.length > 0 && found
    })
    assert.match(message!, /late\.example\.org: .*\(connection\)\. port 80 of this machine is not reached/)
    await eventually('when is said', async () => /failed once, tried again from/.test(await standing('late')))
    assert.equal(await shown('late.example.org'), undefined)
    await pebble.setAddress('late.example.org', '127.0.0.1')
    clock.move(6 * MINUTE_MS)
    await eventually('the certificate is shown', () => shown('late.example.org'))
  })

  it('is not ordered for while its name leads nowhere', async () => {
    unknown.add('gone.example.org')
    await makeIngress('gone', 'gone.example.org')
    const [message] = await eventually('it is told', async () => {
      const found = await eventsOf('gone', 'CertificateFailed')
      return found.length > 0 && found
    })
    assert.match(message!, /gone\.example\.org: DNS does not know it; give it an A/)
    assert.deepEqual(await eventsOf('gone', 'CertificateOrdered'), [])
    unknown.clear()
    clock.move(MINUTE_MS)
    await eventually('the certificate is shown', () => shown('gone.example.org'))
  })

  it('never has a Secret of somebody else overwritten', async () => {
    const content = { 'tls.crt': 'bWluZQ==', 'tls.key': 'bWluZQ==' }
    for (const [name, type] of [
      ['mine', 'kubernetes.io/tls'],
      ['odd', 'Opaque'],
    ] as const) {
      await plane.client.resource(SECRETS).create({
        ...{ apiVersion: 'v1', kind: 'Secret', type, data: content },
        metadata: { name: `${name}-cert`, namespace: 'default' },
      } as KubeObject)
      await makeIngress(name, `${name}.example.org`)
      await eventually('it is told', async () => {
        const [message] = await eventsOf(name, 'NoCertificate')
        return message?.includes(`Secret ${name}-cert is somebody else's`)
      })
      assert.deepEqual((await secret(`${name}-cert`))['data'], content)
    }
  })

  it('goes on with its order when the edge ends in the middle', async () => {
    await makeIngress('kill', 'kill.example.org')
    const [order] = await eventually('it is ordered', async () => {
      const found = await orders()
      const isOrdered = found.some(
        ({ metadata }) => metadata.annotations?.['brume.dev/certificate-of'] === 'default/kill-cert',
      )
      return isOrdered && found
    })
    pebble.hang()
    const begun = Date.now()
    await edge.close()
    pebble.goOn()
    assert.ok(Date.now() - begun < 8000, 'nobody at the CA is waited for')
    edge = await start()
    await eventually('the certificate is shown', () => shown('kill.example.org'))
    await eventually('nothing is left', async () => (await orders()).length === 0)
    assert.equal(
      (await eventsOf('kill', 'CertificateOrdered')).length,
      1,
      `one order: ${order!.metadata.name}`,
    )
  })

  it('may be a Gateway, whose listener is served from then on', async () => {
    const tls = { certificateRefs: [{ name: 'gate-cert' }] }
    const listener = { name: 'web', protocol: 'HTTPS', port: 443, hostname: 'gate.example.org', tls }
    const gateways = await plane.client.resourceFor({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
    })
    await gateways.create({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'gate', namespace: 'default', annotations: ASKS },
      spec: { gatewayClassName: 'brume', listeners: [listener] },
    } as KubeObject)
    await eventually('the certificate is shown', () => shown('gate.example.org'))
    await eventually('it is said', async () => {
      const { metadata } = await gateways.get({ namespace: 'default', name: 'gate' })
      return /^gate-cert: valid until/.test(metadata.annotations?.['brume.dev/certificate-status'] ?? '')
    })
  })

  it('has it renewed sooner when the CA advises that', async () => {
    const before = (await shown('web.example.org'))?.serialNumber
    assert.ok(before !== undefined)
    await eventually('the CA was asked', () => advisor.asked.length > 0)
    advisor.advise({ start: new Date(0), end: new Date(1) })
    clock.move(24 * 60 * MINUTE_MS)
    await eventually('another one is shown', async () => {
      const now = (await shown('web.example.org'))?.serialNumber
      return now !== undefined && now !== before
    })
    assert.match((await eventsOf('web', 'CertificateOrdered')).at(-1) ?? '', /the CA advises it/)
  })

  it('has it renewed when two thirds of its life have passed', async () => {
    const serial = async () => (await shown('web.example.org'))?.serialNumber
    const first = await serial()
    assert.ok(first !== undefined)
    clock.move(4 * YEAR_MS)
    await eventually('another one is shown', async () => {
      const now = await serial()
      return now !== undefined && now !== first
    })
    const again = (await eventsOf('web', 'CertificateOrdered')).at(-1)
    assert.match(again ?? '', /two thirds of its life have passed/)
  })

  it('that does not ask any more keeps its Secret, and says nothing of it', async () => {
    const annotations = { 'brume.dev/certificate': null }
    const body = { metadata: { annotations } }
    await plane.client
      .resource(INGRESSES)
      .patch({ namespace: 'default', name: 'web' }, { type: 'merge', body })
    await eventually('nothing is said', async () => (await standing('web')) === '')
    assert.ok(await secret('web-cert'))
  })
})
