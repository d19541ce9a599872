import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANNOUNCED_BY } from '@brume/api/network'
import { announcedHere } from './announce.ts'
import { freshAddresses, leaveCommands, tableLines, takeCommand } from './plan.ts'

const OWN = { local: '192.0.2.2', prefixlen: 24, label: 'eth0' }
const given = (local: string) => ({ local, prefixlen: 32, label: 'eth0:lb' })

describe('addresses that a card answers for', () => {
  const told = ['192.0.2.10', '192.0.2.11', '192.0.2.2']
  const state = {
    card: 'eth0',
    family: 'ip' as const,
    addresses: [OWN, given('192.0.2.10'), given('192.0.2.11')],
    told,
  }

  it('are taken with a label of their own, and given back when the Service has them no longer', () => {
    assert.deepEqual(leaveCommands(state, ['192.0.2.11']), [
      ['ip', 'address', 'del', '192.0.2.10/32', 'dev', 'eth0'],
    ])
    assert.deepEqual(freshAddresses(state, ['192.0.2.11', '192.0.2.12']), ['192.0.2.12'])
    const take = 'ip address add 192.0.2.12/32 dev eth0 label eth0:lb noprefixroute'
    assert.equal(takeCommand('eth0', '192.0.2.12').join(' '), take)
  })

  it('are of IPv6 too: known by that nothing speaks under them, and tried again when somebody had them', () => {
    const own = { local: '2001:db8::2', prefixlen: 64 }
    const ofPerson = { local: '2001:db8::13', prefixlen: 128 }
    const ours = (local: string) => ({ local, prefixlen: 128, deprecated: true })
    const six = {
      card: 'eth0',
      family: 'ip6' as const,
      addresses: [
        own,
        ofPerson,
        ours('2001:db8::10'),
        ours('2001:db8::11'),
        { ...ours('2001:db8::12'), tentative: true, dadfailed: true },
      ],
      told: ['2001:db8::10', '2001:db8::11', '2001:db8::12', '2001:db8::13'],
    }
    const wanted = ['2001:db8::11', '2001:db8::12']
    assert.deepEqual(leaveCommands(six, wanted), [
      ['ip', 'address', 'del', '2001:db8::10/128', 'dev', 'eth0'],
      ['ip', 'address', 'del', '2001:db8::12/128', 'dev', 'eth0'],
    ])
    assert.deepEqual(freshAddresses(six, wanted), ['2001:db8::12'])
    const take = 'ip address add 2001:db8::12/128 dev eth0 valid_lft forever preferred_lft 0 noprefixroute'
    assert.equal(takeCommand('eth0', '2001:db8::12').join(' '), take)
  })

  it("are never the machine's own, nor another cloud's", () => {
    assert.deepEqual(leaveCommands({ ...state, told: ['192.0.2.2'] }, []), [])
    assert.deepEqual(freshAddresses(state, ['192.0.2.2']), [])
  })

  it('lead to Services and not to the machine', () => {
    const lines = tableLines('brume-announce', ['192.0.2.10'], 'ip')
    assert.equal(lines.includes('add rule ip brume-announce input ip daddr @announced reject'), true)
    assert.deepEqual(tableLines('brume-announce', [], 'ip'), [
      'add table ip brume-announce',
      'delete table ip brume-announce',
    ])
  })

  it('are those of the Services that name this node', () => {
    const service = (name: string, ip: string, node?: string) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, ...(node === undefined ? {} : { annotations: { [ANNOUNCED_BY]: node } }) },
      status: { loadBalancer: { ingress: [{ ip }] } },
    })
    const services = [
      service('a', '192.0.2.11', 'one'),
      service('b', '192.0.2.10', 'one'),
      service('c', '192.0.2.12', 'two'),
      service('d', '192.0.2.13'),
    ]
    assert.deepEqual(announcedHere(services, 'one'), ['192.0.2.10', '192.0.2.11'])
  })
})
