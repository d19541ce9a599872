import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decode, type Packet, streamDecode } from 'dns-packet'
import { encodeForTcp, encodeForUdp } from './encode-answer.ts'

const NAME = 'many.shop.svc.cluster.local'
const TRUNCATED = 1 << 9

function packet(count: number, more: Partial<Packet> = {}): Packet {
  const answers = Array.from({ length: count }, (_, i) => ({
    type: 'A' as const,
    name: NAME,
    ttl: 5,
    data: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
  }))
  return { type: 'response', id: 77, questions: [{ type: 'A', name: NAME }], answers, ...more }
}

const isCut = ({ flags = 0 }: Packet) => (flags & TRUNCATED) !== 0

describe('an answer as bytes', () => {
  it('is read as it was written, with aliases, authorities and what is beside', () => {
    const soa = { mname: 'a.b', rname: 'c.d', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }
    const written = packet(2, {
      answers: [
        { type: 'CNAME', name: NAME, ttl: 5, data: 'web.shop.svc.cluster.local' },
        { type: 'A', name: 'web.shop.svc.cluster.local', ttl: 5, data: '10.96.0.5' },
      ],
      authorities: [{ type: 'SOA', name: 'cluster.local', ttl: 5, data: soa }],
      additionals: [{ type: 'A', name: 'x.y', ttl: 1, data: '192.0.2.1' }],
    })
    const read = decode(encodeForUdp(written, 1232))
    const plain = (records: Packet['answers'] = []) =>
      records.map(({ name, type, ...rest }) => ({ name, type, data: (rest as { data?: unknown }).data }))
    assert.equal(read.id, 77)
    for (const part of ['answers', 'authorities', 'additionals'] as const)
      assert.deepEqual(plain(read[part]), plain(written[part]))
  })

  it('has room for 29 addresses in plain UDP, and says when it is cut', () => {
    const [all, more] = [encodeForUdp(packet(29), 512), encodeForUdp(packet(30), 512)].map((one) =>
      decode(one),
    )
    assert.deepEqual([all!.answers?.length, isCut(all!)], [29, false])
    assert.deepEqual([more!.answers?.length, isCut(more!)], [29, true])
  })

  it('fits whatever the limit is', () => {
    for (let count = 0; count < 300; count += 7)
      for (const limit of [512, 700, 1232]) assert.ok(encodeForUdp(packet(count), limit).length <= limit)
  })

  it('has no more than a message over TCP can have', () => {
    const read = streamDecode(encodeForTcp(packet(5000)))
    assert.ok(read.answers!.length > 4000)
    assert.equal(isCut(read), false)
  })
})
