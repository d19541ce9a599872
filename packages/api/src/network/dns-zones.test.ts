import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import type { KubeObject } from '../object.ts'
import { readZones } from './dns-zones.ts'

const DOMAIN = 'cluster.local'

function zone(name: string, spec: object, creationTimestamp = '2026-01-01T00:00:00Z'): KubeObject {
  const metadata = { name, creationTimestamp }
  return { apiVersion: 'brume.dev/v1', kind: 'DnsZone', metadata, spec: { zone: 'example.com', ...spec } }
}

const record = (name: string, type: string, ...values: string[]) => ({ name, type, values })
const A = record('www', 'A', '192.0.2.1')
const read = (...objects: KubeObject[]) => readZones(objects, DOMAIN)
/** `name type data...`, sorted. */
const recordsOf = (spec: object) =>
  [...(read(zone('z', spec)).served[0]?.records ?? [])]
    .flatMap(([name, records]) => records.map((one) => [name, ...Object.values(one)].join(' ')))
    .sort()
const verdictOf = (spec: object) => {
  const { reason, message } = read(zone('z', spec)).verdicts.get('z')!
  return `${reason}: ${message}`
}

describe('a zone', () => {
  it('has records of every type under whole names, in lower case', () => {
    const records = [
      record('@', 'A', '192.0.2.1', '192.0.2.2'),
      record('WWW', 'CNAME', 'Web.shop.svc.cluster.local.'),
      record('*.apps', 'AAAA', '2001:db8::1'),
      record('@', 'MX', '10 mail.example.com'),
      record('_ldap._tcp', 'SRV', '0 5 389 dc1.example.com'),
      record('@', 'TXT', 'v=spf1 -all'),
    ]
    assert.deepEqual(recordsOf({ zone: 'Example.COM.', records }), [
      '*.apps.example.com AAAA 2001:db8::1',
      '_ldap._tcp.example.com SRV 0 5 389 dc1.example.com',
      'example.com A 192.0.2.1',
      'example.com A 192.0.2.2',
      'example.com MX 10 mail.example.com',
      'example.com TXT v=spf1 -all',
      'www.example.com CNAME web.shop.svc.cluster.local',
    ])
  })

  it('splits a long text into pieces that DNS can carry', () => {
    const [one] = read(zone('z', { records: [record('@', 'TXT', 'é'.repeat(300))] })).served
    const [text] = one!.records.get('example.com')!
    assert.deepEqual(text?.type === 'TXT' && [...text.text].map((piece) => piece.length), [255, 255, 90])
  })

  it('may be asked of other servers, as a whole or for what it has no records of; also the root', () => {
    assert.deepEqual(
      read(zone('z', { forward: { servers: ['192.0.2.53', '[2001:db8::1]:5353'] } })).served[0]?.forward,
      ['192.0.2.53', '[2001:db8::1]:5353'],
    )
    assert.equal(
      verdictOf({ records: [A], forward: {} }),
      "Served: 1 records; others are asked of the nodes' own servers",
    )
    assert.equal(read(zone('z', { zone: '.', forward: { servers: ['192.0.2.53'] } })).served[0]?.zone, '')
  })
})

describe('what is wrong with a zone', () => {
  const CASES: [title: string, spec: object, said: RegExp][] = [
    ['no name', { zone: 'exa mple' }, /^InvalidZone: spec\.zone: "exa mple" is no name/],
    [
      'a name of the cloud',
      { zone: 'svc.cluster.local', records: [A] },
      /^InvalidZone: spec\.zone: names of cluster\.local/,
    ],
    ['nothing in it', {}, /^InvalidZone: spec: neither records nor forward/],
    [
      'no server that can be asked',
      { forward: { servers: ['ns.example.com'] } },
      /^InvalidZone: spec\.forward\.servers\[0\]: "ns\.example\.com" is no address/,
    ],
    [
      'a server that is none, beside another',
      { forward: { servers: ['192.0.2.1', 'x'] } },
      /^BrokenRecords: spec\.forward\.servers\[1\]/,
    ],
    [
      'no address',
      { records: [A, record('a', 'A', '300.1.1.1')] },
      /^BrokenRecords: spec\.records\[1\]\.values\[0\]: "300\.1\.1\.1" is no value of A \(an IPv4 address\)\. Everything else/,
    ],
    [
      'a name with a dot at its end',
      { records: [A, record('a.', 'A', '192.0.2.1')] },
      /^BrokenRecords: spec\.records\[1\]\.name/,
    ],
    [
      'a wildcard in the middle',
      { records: [A, record('a.*.b', 'A', '192.0.2.1')] },
      /^BrokenRecords: spec\.records\[1\]\.name/,
    ],
    [
      'a target of one label',
      { records: [A, record('a', 'CNAME', 'www')] },
      /values\[0\]: "www" is no value of CNAME \(a whole name\)/,
    ],
    [
      'a mail server without preference',
      { records: [A, record('@', 'MX', 'mail.example.com')] },
      /is no value of MX \(10 mail/,
    ],
    [
      'a port too large',
      { records: [A, record('a', 'SRV', '0 0 65536 a.example.com')] },
      /is no value of SRV/,
    ],
    [
      'an alias beside something',
      { records: [record('www', 'CNAME', 'a.b'), A] },
      /^BrokenRecords: www\.example\.com: beside a CNAME/,
    ],
    ['two aliases', { records: [A, record('a', 'CNAME', 'a.b', 'b.c')] }, /a CNAME has one value/],
    [
      'the zone as an alias',
      { records: [A, record('@', 'CNAME', 'a.b')] },
      /the zone itself can be no CNAME/,
    ],
  ]
  for (const [title, spec, said] of CASES) it(`is said: ${title}`, () => assert.match(verdictOf(spec), said))

  it('leaves what is right with it', () => {
    const records = [A, record('a', 'A', 'x', '192.0.2.9'), record('www', 'CNAME', 'a.b')]
    assert.deepEqual(recordsOf({ records }), ['a.example.com A 192.0.2.9', 'www.example.com A 192.0.2.1'])
  })

  it('never breaks another one, whatever somebody writes', () => {
    const random = seededRandom(3)
    const good = zone('good', { zone: 'good.org', records: [A] }, '2026-02-01T00:00:00Z')
    const seeds = ['*.a-b.c', '10 mail.example.com', '0 5 389 ldap.example.com', '192.0.2.1', 'example.com']
    for (let i = 0; i < 3000; i++) {
      const any = () =>
        mutateBytes(Buffer.from(seeds[random.below(seeds.length)]!), random).toString('latin1')
      const types = ['A', 'AAAA', 'CNAME', 'TXT', 'MX', 'SRV', 'X']
      const records = [record(any(), types[random.below(types.length)]!, any(), any())]
      const bad = zone('bad', { zone: any(), records, forward: { servers: [any()] } })
      const { served, verdicts } = read(bad, good)
      assert.equal(verdicts.get('good')?.reason, 'Served')
      assert.ok(served.some((one) => one.zone === 'good.org'))
    }
  })
})

describe('two zones of one name', () => {
  const old = '2025-01-01T00:00:00Z'

  it('are both served when they are for different pods', () => {
    const { served } = read(
      zone('all', { records: [A] }),
      zone('shop', { records: [A], namespaces: ['shop'] }),
      zone('test', { records: [A], namespaces: ['test', 'dev'] }),
    )
    assert.equal(served.length, 3)
  })

  it('are the older one where they are for the same pods, and the other one is told', () => {
    const { served, verdicts } = read(
      zone('b', { records: [A], namespaces: ['shop', 'test'] }),
      zone('a', { records: [A, A], namespaces: ['shop'] }, old),
    )
    assert.deepEqual(
      served.map(({ namespaces }) => namespaces),
      [['shop']],
    )
    assert.equal(verdicts.get('b')?.reason, 'ZoneTaken')
    assert.match(verdicts.get('b')!.message, /^DnsZone a, which is older, has example\.com for pods of shop/)
  })
})
