import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { eventually } from '@brume/testkit/eventually'
import { decode, encode, type OptAnswer, type Packet, streamDecode, streamEncode } from 'dns-packet'
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
const MANY_NAMES = { type: 'A' as const, name: 'many.shop.svc.cluster.local' }
const RECURSION_DESIRED = 1 << 8
const TRUNCATED = 1 << 9
/** When names that begin so are answered. */
const slow = Promise.withResolvers<void>()
/** What is known of Services. */
let synced: Promise<void> = Promise.resolve()

function edns(udpPayloadSize: number): OptAnswer {
  const zero = { extendedRcode: 0, ednsVersion: 0, flags: 0 }
  return { type: 'OPT', name: '.', udpPayloadSize, ...zero, flag_do: false, options: [] }
}

const SOURCE: NameSource = {
  service(namespace, name) {
    if (namespace !== 'shop') return undefined
    const alias = ALIASES[name]
    if (alias !== undefined) return { ...SERVICE, spec: { type: 'ExternalName', externalName: alias } }
    if (name === 'many' || name === 'some') return { ...SERVICE, spec: { clusterIP: 'None', ports: [] } }
    return name === 'web' ? SERVICE : undefined
  },
  slices: (_, name) => {
    const endpoints = name === 'some' ? MANY.slice(0, 40) : MANY
    return [{ ...SERVICE, kind: 'EndpointSlice', addressType: 'IPv4', ports: [], endpoints }]
  },
  namespaceExists: (namespace) => namespace === 'shop',
  synced: () => synced,
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
        if (name.startsWith('slow')) await slow.promise
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

  it('answers in EDNS whom asks in it, and lets UDP answers be as long as they say', async () => {
    const sizeOf = async (more: Partial<Packet>) => {
      const bytes = await heard({ type: 'query', id: 3, questions: [MANY_NAMES], ...more })
      const { additionals = [], flags = 0 } = decode(bytes)
      return { bytes: bytes.length, isCut: (flags & TRUNCATED) !== 0, edns: additionals.length }
    }
    assert.deepEqual(await sizeOf({}), { bytes: 509, isCut: true, edns: 0 })
    assert.deepEqual(await sizeOf({ additionals: [edns(4096)] }), { bytes: 1224, isCut: true, edns: 1 })
    const few = (udpPayloadSize: number) =>
      sizeOf({
        questions: [{ type: 'A', name: 'some.shop.svc.cluster.local' }],
        additionals: [edns(udpPayloadSize)],
      })
    // Forty addresses: longer than plain UDP takes.
    assert.deepEqual([(await few(512)).isCut, (await few(1232)).isCut], [true, false])
    const version = await heard({
      type: 'query',
      id: 3,
      questions: [MANY_NAMES],
      additionals: [{ ...edns(1232), ednsVersion: 1 }],
    })
    const [opt] = decode(version).additionals!
    assert.equal(opt?.type === 'OPT' && opt.extendedRcode, 1)
  })

  it('keeps the case of the question, also of what is known already', async () => {
    await client.resolve4('example.org')
    for (const name of ['eXaMpLe.oRg', 'WEB.Shop.svc.CLUSTER.local']) {
      const { answers = [], questions = [] } = decode(
        await heard({ type: 'query', id: 3, questions: [{ type: 'A', name }], flags: RECURSION_DESIRED }),
      )
      assert.deepEqual([answers[0]?.name, questions[0]?.name], [name, name])
    }
  })

  it('says nothing of Services before they are known', async () => {
    const known = Promise.withResolvers<void>()
    synced = known.promise
    try {
      const asking = client.resolve4('web.shop.svc.cluster.local')
      assert.deepEqual(await client.resolve4('example.org'), ['192.0.2.1'])
      known.resolve()
      assert.deepEqual(await asking, ['10.96.0.5'])
    } finally {
      synced = Promise.resolve()
    }
    synced = Promise.reject(new Error('not known in time'))
    synced.catch(() => {})
    try {
      await assert.rejects(client.resolve4('web.shop.svc.cluster.local'), { code: 'ESERVFAIL' })
    } finally {
      synced = Promise.resolve()
    }
  })

  it('lets one client have a part of the connections, not all', async () => {
    const streams = Array.from({ length: 30 }, () => connect({ port: server.port, host: '127.0.0.1' }))
    for (const stream of streams) stream.on('error', () => {})
    try {
      await eventually(
        'those beyond its part are closed',
        () => streams.filter(({ closed }) => closed).length === 10,
      )
      await heardOverTcp('web.shop.svc.cluster.local', '127.0.0.2')
    } finally {
      for (const stream of streams) stream.destroy()
    }
  })

  it('keeps answering others while one client asks for one slow name without end', async () => {
    const socket = createSocket('udp4')
    const question = encode({ type: 'query', id: 5, questions: [{ type: 'A', name: 'slow.example.org' }] })
    try {
      // More than may be under way altogether.
      for (let i = 0; i < 2500; i++) {
        await new Promise((resolve) => socket.send(question, server.port, '127.0.0.1', resolve))
        // The server, in this process too, takes what came.
        await new Promise((resolve) => setImmediate(resolve))
      }
      const { answers = [] } = await heardOverTcp('web.shop.svc.cluster.local', '127.0.0.2')
      assert.equal(answers.length, 1)
    } finally {
      slow.resolve()
      socket.close()
    }
  })

  it('lives through whatever is sent to it', async () => {
    const random = seededRandom(11)
    const question = { type: 'A' as const, name: 'web.shop.svc.cluster.local' }
    const head = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    const seeds = [
      encode({ type: 'query', id: 7, questions: [question] }),
      encode({ type: 'query', id: 7, questions: [question, question], additionals: [edns(9000)] }),
      encode({
        type: 'response',
        id: 7,
        questions: [question],
        answers: [{ ...question, data: '192.0.2.1' }],
      }),
      encode({
        type: 'query',
        id: 7,
        questions: [{ type: 'A', name: 'example.org' }],
        additionals: [edns(0)],
      }),
      // A name that points to itself, two that point to each other, one that points beyond the end, a label too long.
      Buffer.from([...head, 0xc0, 12, 0, 1, 0, 1]),
      Buffer.from([...head, 0xc0, 14, 0xc0, 12, 0, 1, 0, 1]),
      Buffer.from([...head, 0xff, 0xff, 0, 1, 0, 1]),
      Buffer.from([...head, 0x7f, 97, 0, 0, 1, 0, 1]),
      Buffer.alloc(0),
      Buffer.alloc(1400, 0xff),
    ]
    const socket = createSocket('udp4')
    socket.on('error', () => {})
    let stream = connect({ port: server.port, host: '127.0.0.1' }).on('error', () => {})
    for (let i = 0; i < 6000; i++) {
      const seed = seeds[random.below(seeds.length)]!
      const bytes = i < 1000 && seed.length === 0 ? seed : mutateBytes(seed, random)
      await new Promise((resolve) => socket.send(bytes, server.port, '127.0.0.1', resolve))
      // A frame of its own, or whatever the bytes mean as one.
      if (stream.destroyed) stream = connect({ port: server.port, host: '127.0.0.1' }).on('error', () => {})
      const length = Buffer.from([bytes.length >> 8, bytes.length & 255])
      stream.write(random.below(2) === 0 ? bytes : Buffer.concat([length, bytes]))
    }
    socket.close()
    stream.destroy()
    // Datagrams may be lost while so many come.
    await eventually('the server answers again', async () => {
      const addresses = await client.resolve4('web.shop.svc.cluster.local').catch(() => [])
      return addresses[0] === '10.96.0.5'
    })
  })

  /** Rejects when the connection is closed without an answer. */
  async function heardOverTcp(name: string, from: string): Promise<Packet> {
    const socket = connect({ port: server.port, host: '127.0.0.1', localAddress: from })
    try {
      socket.write(streamEncode({ type: 'query', id: 7, questions: [{ type: 'A', name }] }))
      const closed = once(socket, 'close').then(() => assert.fail('closed without an answer'))
      const [bytes] = (await Promise.race([once(socket, 'data'), closed])) as [Buffer]
      return streamDecode(bytes)
    } finally {
      socket.destroy()
    }
  }

  /** The answer to one datagram. */
  async function heard(query: Packet): Promise<Buffer> {
    const socket = createSocket('udp4')
    try {
      const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve))
      socket.send(encode(query), server.port, '127.0.0.1')
      return await answer
    } finally {
      socket.close()
    }
  }
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
