import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readZones } from '@brume/api/network/dns-zones'
import { searched, zoneAnswer } from './zone-answer.ts'

const RECORDS = [
  ['@', 'A', '192.0.2.1'],
  ['www', 'CNAME', 'elsewhere.org'],
  ['*', 'A', '192.0.2.9'],
  ['a.b.c', 'A', '192.0.2.3'],
  ['*.apps', 'A', '192.0.2.4'],
  ['*.alias', 'CNAME', 'elsewhere.org'],
  ['one.apps', 'TXT', 'own'],
] as const

function answer(name: string, forward?: object): string {
  const records = RECORDS.map(([own, type, value]) => ({ name: own, type, values: [value] }))
  const spec = { zone: 'example.com', records, ...(forward === undefined ? {} : { forward }) }
  const object = { apiVersion: 'brume.dev/v1', kind: 'DnsZone', metadata: { name: 'z' }, spec }
  const { served } = readZones([object], 'cluster.local')
  const found = zoneAnswer(searched(served[0]!), name)
  if (found.type === 'records') return found.records.map((one) => Object.values(one).join(' ')).join(', ')
  return found.type === 'alias' ? `alias ${found.target}` : found.type
}

const CASES: [title: string, name: string, alone: string, forwarded: string][] = [
  ['the zone itself', 'example.com', 'A 192.0.2.1', 'A 192.0.2.1'],
  ['an alias', 'www.example.com', 'alias elsewhere.org', 'alias elsewhere.org'],
  ['below a name that is there: no wildcard further up', 'x.www.example.com', 'unknown', 'forward'],
  ['a wildcard takes any name', 'any.example.com', 'A 192.0.2.9', 'A 192.0.2.9'],
  ['a wildcard takes names of several labels', 'x.y.z.example.com', 'A 192.0.2.9', 'A 192.0.2.9'],
  ['the nearest wildcard counts', 'x.apps.example.com', 'A 192.0.2.4', 'A 192.0.2.4'],
  ['a name of its own is no wildcard', 'one.apps.example.com', 'TXT own', 'TXT own'],
  ['a name between is there, without records', 'b.c.example.com', '', 'forward'],
  ['a name beside a name between gets no wildcard from above', 'x.c.example.com', 'unknown', 'forward'],
  ['a wildcard that is an alias', 'x.alias.example.com', 'alias elsewhere.org', 'alias elsewhere.org'],
  ['the wildcard by its own name', '*.apps.example.com', 'A 192.0.2.4', 'A 192.0.2.4'],
]

describe('a name in a zone', () => {
  for (const [title, name, alone, forwarded] of CASES)
    it(title, () => assert.deepEqual([answer(name), answer(name, {})], [alone, forwarded]))
})
