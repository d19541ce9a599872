import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { eventually } from '@brume/testkit/eventually'
import { encode, type Packet } from 'dns-packet'
import type { NameSource } from './names.ts'
import { resolver } from './resolve.ts'
import { type DnsServer, startDnsServer } from './server.ts'
import { upstream } from './upstream.ts'

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { clusterIP: '10.96.0.5', ports: [{ name: 'http', port: 80 }] },
}
const ALIASES: Readonly<Record<string, string>> = {
  away: 'example.org',
  here: 'web.shop.svc.cluster.local',
  twice: 'HERE.shop.svc.cluster.local',
  nowhere: 'nothing.shop.svc.cluster.local',
  circle: 'circle.shop.svc.cluster.local',
}
const MANY = Array.from({ length: 200 }, (_, i) => ({
  addresses: [`10.42.1.${i}`],
  conditions: { ready: true },
}))
const SOURCE: NameSource = {
  service(namespace, name) {
    if (namespace !== 'shop') return undefined
    const alias = ALIASES[name]
    if (alias !== undefined) return { ...SERVICE, spec: { type: 'ExternalName', externalName: alias } }
    if (name === 'many') return { ...SERVICE, spec: { clusterIP: 'None', ports: [] } }
    return name === 'web' ? SERVICE : undefined
  },
  slices: () => [{ ...SERVICE, kind: 'EndpointSlice', addressType: 'IPv4', ports: [], endpoints: MANY }],
  namespaceExists: (namespace) => namespace === 'shop',
  synced: async () => {},
  namesOf: () => [],
}

describe('the DNS server of a node', { timeout: 30_000 }, () => {
  let outside: DnsServer
  let server: DnsServer
  let client: Resolver
  let asked = 0

  before(async () => {
    outside = await startDnsServer({
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      async resolve(query): Promise<Packet> {
        asked++
        const name = query.questions![0]!.name
        const answers =
          name === 'example.org' ? [{ type: 'A' as const, name, ttl: 20, data: '192.0.2.1' }] : []
        const flags = (query.flags ?? 0) | (name === 'example.org' ? 0 : 3)
        return { type: 'response', id: query.id ?? 0, flags, questions: query.questions ?? [], answers }
      },
    })
    const resolve = resolver({
      source: SOURCE,
      domain: 'cluster.local',
      upstream: upstream({ servers: [`127.0.0.1:${outside.port}`], clock: systemClock }),
    })
    server = await startDnsServer({ host: '127.0.0.1', port: 0, resolve, logger: silentLogger })
    client = new Resolver({ timeout: 5000, tries: 1 })
    client.setServers([`127.0.0.1:${server.port}`])
  })
  after(async () => {
    client.cancel()
    await server.close()
    await outside.close()
  })

  it('answers for the cloud', async () => {
    assert.deepEqual(await client.resolve4('web.shop.svc.cluster.local'), ['10.96.0.5'])
    const [srv] = await client.resolveSrv('_http._tcp.web.shop.svc.cluster.local')
    assert.deepEqual([srv?.name, srv?.port, srv?.weight], ['web.shop.svc.cluster.local', 80, 100])
  })

  it('tells a name that is not there from a type that is not there', async () => {
    await assert.rejects(client.resolve4('nothing.shop.svc.cluster.local'), { code: 'ENOTFOUND' })
    await assert.rejects(client.resolve6('web.shop.svc.cluster.local'), { code: 'ENODATA' })
  })

  it('asks outside for other names, and remembers what it heard', async () => {
    assert.deepEqual(await client.resolve4('example.org'), ['192.0.2.1'])
    const before = asked
    assert.deepEqual(await client.resolve4('EXAMPLE.org'), ['192.0.2.1'])
    assert.equal(asked, before)
    await assert.rejects(client.resolve4('example.net'), { code: 'ENOTFOUND' })
  })

  it('sends an answer that is too long for UDP over TCP', async () => {
    assert.equal((await client.resolve4('many.shop.svc.cluster.local')).length, 200)
  })

  it('follows an ExternalName, also to names of the cloud, and not in a circle', async () => {
    assert.deepEqual(await client.resolve4('away.shop.svc.cluster.local'), ['192.0.2.1'])
    assert.deepEqual(await client.resolve4('here.shop.svc.cluster.local'), ['10.96.0.5'])
    assert.deepEqual(await client.resolve4('twice.shop.svc.cluster.local'), ['10.96.0.5'])
    assert.deepEqual(await client.resolveCname('here.shop.svc.cluster.local'), ['web.shop.svc.cluster.local'])
    await assert.rejects(client.resolve4('nowhere.shop.svc.cluster.local'), { code: 'ENOTFOUND' })
    await assert.rejects(client.resolve4('circle.shop.svc.cluster.local'), { code: 'ESERVFAIL' })
  })

  it('does not repeat questions that it does not answer', async () => {
    const questions = Array.from({ length: 50 }, () => ({ type: 'A' as const, name: 'a'.repeat(60) }))
    const asking = encode({ type: 'query', id: 9, questions })
    const socket = createSocket('udp4')
    try {
      const heard = new Promise<Buffer>((resolve) => socket.once('message', resolve))
      socket.send(asking, server.port, '127.0.0.1')
      assert.equal((await heard).length, 12)
    } finally {
      socket.close()
    }
  })

  it('reads no further questions from who does not read the answers', async () => {
    const question = encode({
      type: 'query',
      id: 7,
      questions: [{ type: 'A', name: 'many.shop.svc.cluster.local' }],
    })
    const frame = Buffer.concat([Buffer.from([0, question.length]), question])
    const batch = Buffer.concat(Array.from({ length: 1000 }, () => frame))
    const stream = connect({ port: server.port, host: '127.0.0.1' }).pause()
    stream.on('error', () => {})
    let taken = 0
    try {
      // Answers are some 60 times as long: what the kernel holds of them is full long before the questions end.
      const writing = (async () => {
        for (let i = 0; i < 2000 && !stream.destroyed; i++) {
          await new Promise<void>((resolve) => stream.write(batch, () => resolve()))
          taken += batch.length
        }
      })()
      await Promise.race([
        writing,
        new Promise((resolve) => stream.once('close', resolve)),
        stalled(() => taken),
      ])
      assert.ok(taken < 40 * 1024 * 1024, `${taken} bytes of questions were read`)
    } finally {
      stream.destroy()
    }
    assert.deepEqual(await client.resolve4('web.shop.svc.cluster.local'), ['10.96.0.5'])
  })

  it('lives through whatever is sent to it', async () => {
    const random = seededRandom(11)
    const seed = encode({
      type: 'query',
      id: 7,
      questions: [{ type: 'A', name: 'web.shop.svc.cluster.local' }],
    })
    const socket = createSocket('udp4')
    const stream = connect({ port: server.port, host: '127.0.0.1' })
    stream.on('error', () => {})
    for (let i = 0; i < 3000; i++) {
      const bytes = mutateBytes(seed, random)
      await new Promise((resolve) => socket.send(bytes, server.port, '127.0.0.1', resolve))
      if (!stream.destroyed) stream.write(bytes)
    }
    socket.close()
    stream.destroy()
    // Datagrams may be lost while so many come.
    await eventually('the server answers again', async () => {
      const addresses = await client.resolve4('web.shop.svc.cluster.local').catch(() => [])
      return addresses[0] === '10.96.0.5'
    })
  })
})

/** Resolves when the figure has stayed the same for a while. */
async function stalled(figure: () => number): Promise<void> {
  let seen = -1
  let since = Date.now()
  await eventually('it stalls', () => {
    if (figure() !== seen) {
      seen = figure()
      since = Date.now()
    }
    return Date.now() - since > 1500
  })
}
