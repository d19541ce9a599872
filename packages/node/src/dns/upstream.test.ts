import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { afterEach, describe, it } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { fakeClock } from '@brume/client/testing/fake-clock'
import { decode, encode, type Packet, type Question } from 'dns-packet'
import { FairShare } from './fair-share.ts'
import { type DnsServer, startDnsServer } from './server.ts'
import { type UpstreamOptions, upstream } from './upstream.ts'

const NXDOMAIN = 3
const SERVFAIL = 2
const asking = (client = 'a') => ({ client, checkingDisabled: false })
const question = (name: string, type: Question['type'] = 'A'): Question => ({ name, type })

/** A server that answers as it is told, and counts. */
async function told(answer: (name: string) => Partial<Packet> | Promise<Partial<Packet>>) {
  const asked: string[] = []
  const server = await startDnsServer({
    host: '127.0.0.1',
    port: 0,
    logger: silentLogger,
    async resolve({ id = 0, questions = [] }) {
      const name = questions[0]!.name
      asked.push(name)
      return { type: 'response', id, questions, ...(await answer(name)) }
    },
  })
  open.push(server)
  return { asked, address: `127.0.0.1:${server.port}` }
}

const open: DnsServer[] = []
const sockets: Socket[] = []
const address = (name: string, data = '192.0.2.1', ttl = 20): Partial<Packet> => ({
  answers: [{ type: 'A', name, ttl, data }],
})
const soa = (ttl: number, minimum: number): Partial<Packet> => ({
  flags: NXDOMAIN,
  authorities: [
    {
      type: 'SOA',
      name: 'example.org',
      ttl,
      data: { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
    },
  ],
})
const of = (servers: string[], more: Partial<UpstreamOptions> = {}) =>
  upstream({ servers, clock: systemClock, ...more })
const dataOf = (packet: Packet) =>
  (packet.answers ?? []).map((record) => ('data' in record ? record.data : undefined))

/** Takes questions and says nothing. */
async function silent(): Promise<string> {
  const socket = createSocket('udp4')
  sockets.push(socket)
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return `127.0.0.1:${socket.address().port}`
}

describe('names of the world', { timeout: 60_000 }, () => {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()))
    for (const socket of sockets.splice(0)) socket.close()
  })

  it('are asked of the next server when one is silent, broken or does not know, and first of one that answers', async () => {
    const good = await told((name) => address(name))
    const failing = await told(() => ({ flags: SERVFAIL }))
    const names = of([await silent(), failing.address, good.address])
    assert.deepEqual(dataOf(await names.ask(question('a.example.org'), asking())), ['192.0.2.1'])
    const begin = process.hrtime.bigint()
    for (let i = 0; i < 5; i++) await names.ask(question(`b${i}.example.org`), asking())
    // Five times the silent server's limit would be 7.5 s.
    assert.ok(process.hrtime.bigint() - begin < 5_000_000_000n)
    assert.equal(good.asked.length, 6)
  })

  it('fail soon when no server answers', async () => {
    const names = of([await silent(), await silent(), await silent()])
    const begin = performance.now()
    await assert.rejects(names.ask(question('a.example.org'), asking()))
    // Clients give up after 5 s; a machine that runs tests may be slow.
    assert.ok(performance.now() - begin < 20_000)
    await assert.rejects(of([]).ask(question('a.example.org'), asking()), /no DNS server/)
  })

  it('are what a server says that cannot answer, when no other one can', async () => {
    const failing = await told(() => ({ flags: SERVFAIL }))
    const answer = await of([failing.address]).ask(question('a.example.org'), asking())
    assert.equal((answer.flags ?? 0) & 0xf, SERVFAIL)
  })

  it('are remembered as long as they say, and told again for an hour while nobody answers', async () => {
    const clock = fakeClock()
    let isDown = false
    const server = await told((name) => (isDown ? { flags: SERVFAIL } : address(name)))
    const names = of([server.address], { clock })
    const ask = () => names.ask(question('a.example.org'), asking())
    await ask()
    await clock.advance(19_000)
    assert.deepEqual(
      (await ask()).answers,
      [{ ...address('a.example.org').answers![0]!, ttl: 1 }].map((one) => ({
        ...one,
        class: 'IN',
        flush: false,
      })),
    )
    assert.equal(server.asked.length, 1)
    isDown = true
    await clock.advance(60_000)
    assert.deepEqual(dataOf(await ask()), ['192.0.2.1'])
    assert.equal(server.asked.length > 1, true)
    await clock.advance(3_600_000)
    assert.deepEqual(dataOf(await ask()), [])
  })

  it('that are not there are remembered as long as the zone says', async () => {
    const clock = fakeClock()
    const server = await told((name) => (name.startsWith('without') ? { flags: NXDOMAIN } : soa(20, 5)))
    const names = of([server.address], { clock })
    const countOf = async (name: string) => {
      const before = server.asked.length
      await names.ask(question(name), asking())
      return server.asked.length - before
    }
    assert.equal(await countOf('no.example.org'), 1)
    await clock.advance(4000)
    assert.equal(await countOf('no.example.org'), 0)
    await clock.advance(2000)
    assert.equal(await countOf('no.example.org'), 1)
    assert.deepEqual([await countOf('without.example.org'), await countOf('without.example.org')], [1, 1])
  })

  it('are asked over TCP when the answer does not fit', async () => {
    const many = await told((name) => ({
      answers: Array.from({ length: 200 }, (_, i) => ({
        type: 'A' as const,
        name,
        ttl: 9,
        data: `192.0.2.${i}`,
      })),
    }))
    const answer = await of([many.address]).ask(question('many.example.org'), asking())
    assert.equal(answer.answers?.length, 200)
    assert.equal(many.asked.length, 2)
  })

  it('are not taken from what somebody else says in the place of the server, or from rubbish', async () => {
    const random = seededRandom(2)
    const socket = createSocket('udp4')
    sockets.push(socket)
    socket.on('message', (bytes, from) => {
      const { id = 0, questions = [] } = decode(bytes)
      const right: Packet = { type: 'response', id, questions, ...address(questions[0]!.name) }
      const forged = { ...right, ...address(questions[0]!.name, '203.0.113.66') }
      const wrongId = encode({ ...forged, id: (id + 1) & 0xffff })
      const wrongName = encode({ ...forged, questions: [{ type: 'A', name: 'other.example.org' }] })
      const rubbish = Array.from({ length: 5 }, () => mutateBytes(encode({ ...forged, id: id ^ 1 }), random))
      for (const one of [wrongId, wrongName, Buffer.alloc(3), ...rubbish, encode(right)])
        socket.send(one, from.port, from.address)
    })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const names = of([`127.0.0.1:${socket.address().port}`])
    const asked = Array.from({ length: 100 }, (_, i) =>
      names.ask(question(`n${i}.example.org`), asking(`c${i % 20}`)),
    )
    for (const answer of await Promise.all(asked)) assert.deepEqual(dataOf(answer), ['192.0.2.1'])
  })

  it('that several ask for at once are asked once', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const server = await told(async (name) => {
      await promise
      return address(name)
    })
    const names = of([server.address])
    const all = ['a', 'b', 'c'].map((client) => names.ask(question('same.example.org'), asking(client)))
    resolve()
    await Promise.all(all)
    assert.equal(server.asked.length, 1)
  })

  it("are not kept from one client by another one's flood", async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const server = await told(async (name) => {
      if (name.startsWith('slow')) await promise
      return address(name)
    })
    const share = new FairShare({ total: 20, perClient: 5, waitingPerClient: 10 })
    const names = of([server.address], { share })
    let refused = 0
    const flood = Array.from({ length: 200 }, (_, i) =>
      names.ask(question(`slow${i}.example.org`), asking('flood')).catch(() => refused++),
    )
    for (let i = 0; i < 30; i++)
      assert.deepEqual(dataOf(await names.ask(question(`quick${i}.example.org`), asking('other'))), [
        '192.0.2.1',
      ])
    assert.equal(refused, 185)
    assert.ok(server.asked.filter((name) => name.startsWith('slow')).length <= 5)
    // What the flood waits for, another one gets.
    const other = names.ask(question('slow14.example.org'), asking('other'))
    resolve()
    assert.deepEqual(dataOf(await other), ['192.0.2.1'])
    await Promise.all(flood)
  })
})
