// Names as pods hear them: zones that somebody writes, zones that are asked of others, different answers for different
// namespaces; from DnsZones of the API to the resolver in a pod's network namespace.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'

interface Seen {
  records: string[]
  dig?: Record<'alias' | 'none' | 'noData' | 'tcp' | 'plain', string[]> & { badVersion: string }
  forwarded: string[]
  horizon: Record<'shop' | 'other' | 'node', string[]>
  conditions: string[]
  events: string[]
  beside: string[]
  refused: string
  changed: string[]
  next: string[]
  gone: string[]
  reverse: string[]
  restarted: { names: string; others: string; heard: string[] }
}

describe('names that a pod hears', { skip: whyNoContainers() ?? false, timeout: 180_000 }, () => {
  let seen: Seen
  before(async () => {
    const child = join(import.meta.dirname, 'names-in-namespace.ts')
    const { stdout } = await run(['unshare', '--net', process.execPath, child], { timeoutMs: 150_000 })
    seen = JSON.parse(stdout)
  })

  it('are those of a zone: every type of record, wildcards, aliases to Services', () => {
    assert.deepEqual(seen.records, [
      '192.0.2.10, 192.0.2.11',
      '10 mail.corp.example.com',
      'v=spf1 x',
      'kubernetes',
      '2001:db8::1',
      '0 5 389 dc1.corp.example.com',
      '192.0.2.20',
      'ENODATA',
      'ENOTFOUND',
    ])
  })

  it('are what dig reads too: the case of the question, what is not there, TCP, with and without EDNS', (t) => {
    if (seen.dig === undefined) return t.skip('dig is not installed')
    assert.deepEqual(seen.dig, {
      alias: [
        'NOERROR',
        'WWW.corp.example.com. CNAME kubernetes.default.svc.cluster.local.',
        'kubernetes.default.svc.cluster.local. A kubernetes',
      ],
      none: ['NXDOMAIN aa'],
      noData: ['NOERROR aa'],
      tcp: ['NOERROR aa', 'corp.example.com. MX 10 mail.corp.example.com.'],
      plain: ['NOERROR aa', 'corp.example.com. A 192.0.2.10', 'corp.example.com. A 192.0.2.11'],
      badVersion: 'BADVERS',
    })
  })

  it('are asked of the servers that a zone names, as a whole or for what it has no records of', () => {
    assert.deepEqual(seen.forwarded, [
      '203.0.113.1',
      'ENOTFOUND',
      '192.0.2.30',
      '203.0.113.1',
      'ENODATA',
      '203.0.113.2',
      '192.0.2.10, 192.0.2.11',
    ])
  })

  it('differ by the namespace of the pod that asks', () => {
    assert.deepEqual(seen.horizon, {
      shop: ['192.0.2.10, 192.0.2.11', '192.0.2.20'],
      other: ['192.0.2.99', 'ENOTFOUND'],
      node: ['192.0.2.10, 192.0.2.11', '192.0.2.20'],
    })
  })

  it('stay right beside zones that are wrong, which say so in a condition and an Event', () => {
    assert.deepEqual(seen.conditions, [
      'corp True Served',
      'broken False BrokenRecords',
      'taken False ZoneTaken',
      'hopeless False InvalidZone',
    ])
    assert.deepEqual(seen.events, ['BrokenRecords', 'InvalidZone', 'ZoneTaken'])
    assert.deepEqual(seen.beside, ['192.0.2.40', '192.0.2.10, 192.0.2.11', 'ENOTFOUND'])
    assert.match(seen.refused, /spec\.records\[0\]\.type: Unsupported value: "LOC"/)
  })

  it('follow changes of zones, and a zone that goes leaves its names to the next one, then to others', () => {
    assert.deepEqual(seen.changed, ['192.0.2.50', 'ENOTFOUND'])
    assert.deepEqual(seen.next, ['192.0.2.41'])
    assert.deepEqual(seen.gone, ['203.0.113.2', '192.0.2.99'])
  })

  it('are found by the addresses of Services, and of pods that have a name in a headless one', () => {
    assert.deepEqual(seen.reverse, [
      'DASHED.headless.shop.svc.cluster.local',
      'WEB',
      'plain.shop.svc.cluster.local',
      'ENOTFOUND',
      'PLAIN',
      'ENODATA',
    ])
  })

  it('come late, not never, for a pod that asks while the agent is started again', () => {
    assert.deepEqual(seen.restarted, {
      names: 'nothing',
      // Without the rule it would be this, and resolvers would not ask again.
      others: 'refused',
      heard: ['kubernetes', '203.0.113.2'],
    })
  })
})
