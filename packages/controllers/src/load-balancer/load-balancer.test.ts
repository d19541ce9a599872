import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANNOUNCED_BY, WANTED_ADDRESS } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { type BalancerAction, CONDITION, decideBalancer, type ObservedBalancer } from './decide.ts'
import { freeAddress, isInPool, parsePool } from './pool.ts'

const POOL = parsePool('192.0.2.10-192.0.2.11')

function service({
  ip,
  annotations = {},
  spec = {},
  reason = 'AddressAllocated',
}: {
  ip?: string
  annotations?: Record<string, string>
  spec?: object
  reason?: string
} = {}): KubeObject {
  const said = { type: CONDITION, status: 'True', reason, message: `${ip} of the pool` }
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'web', annotations },
    spec: { type: 'LoadBalancer', ...spec },
    status: ip === undefined ? {} : { loadBalancer: { ingress: [{ ip }] }, conditions: [said] },
  }
}

function decide(more: Partial<ObservedBalancer>): BalancerAction[] {
  const observed = { service: service(), pool: POOL, taken: new Map(), nodes: ['one', 'two'], ...more }
  return [...decideBalancer(observed).actions]
}

const set = (actions: readonly BalancerAction[]) => {
  const found = actions.find(({ type }) => type === 'set')
  return found?.type === 'set' ? [found.ips[0], found.condition.status, found.condition.reason] : undefined
}
const announcer = (actions: readonly BalancerAction[]) => {
  const found = actions.find(({ type }) => type === 'announce')
  return found?.type === 'announce' ? [found.node] : []
}

describe('the pool of addresses', () => {
  it('is written as ranges and addresses', () => {
    assert.deepEqual(parsePool('10.0.0.1'), [{ family: 4, first: 0x0a000001n, last: 0x0a000001n }])
    assert.deepEqual(parsePool(' 10.0.0.4-10.0.0.6,\n10.0.1.0/30 ').length, 2)
    assert.equal(isInPool(POOL, '192.0.2.11'), true)
    assert.equal(isInPool(POOL, '192.0.2.12'), false)
    assert.equal(freeAddress(POOL, new Set(['192.0.2.10']), 4), '192.0.2.11')
  })

  for (const text of [
    '10.0.0',
    '10.0.0.9-10.0.0.1',
    '10.0.0.0/24-10.0.1.0',
    'fd00::/64',
    '10.0.0.0/8',
    '10.0.0.1-fd00::1',
    'fd00::2-fd00::1',
  ]) {
    it(`says what is wrong with ${text}`, () => assert.throws(() => parsePool(text), RangeError))
  }
})

describe('the address of a Service', () => {
  it('is the lowest that is free, and a node answers for it', () => {
    const actions = decide({ taken: new Map([['192.0.2.10', 'shop/other']]) })
    assert.deepEqual(set(actions), ['192.0.2.11', 'True', 'AddressAllocated'])
    assert.deepEqual(announcer(actions), ['two'])
  })

  it('stays, and so does its node while that is there', () => {
    assert.deepEqual(
      decide({ service: service({ ip: '192.0.2.10', annotations: { [ANNOUNCED_BY]: 'two' } }) }),
      [],
    )
  })

  it('moves to another node when that goes, and is nowhere without any', () => {
    const has = service({ ip: '192.0.2.10', annotations: { [ANNOUNCED_BY]: 'two' } })
    assert.deepEqual(announcer(decide({ service: has, nodes: ['one'] })), ['one'])
    assert.deepEqual(announcer(decide({ service: has, nodes: [] })), [undefined])
  })

  it('is the one that is wanted, unless another has it or the pool has it not', () => {
    const wants = (ip: string) => service({ annotations: { [WANTED_ADDRESS]: ip } })
    assert.deepEqual(set(decide({ service: wants('192.0.2.11') })), [
      '192.0.2.11',
      'True',
      'AddressAllocated',
    ])
    const clash = decide({ service: wants('192.0.2.11'), taken: new Map([['192.0.2.11', 'shop/other']]) })
    assert.deepEqual(set(clash), [undefined, 'False', 'AddressTaken'])
    assert.equal(
      clash.some(
        (one) => one.type === 'say' && one.isWarning && /belongs to Service shop\/other/.test(one.message),
      ),
      true,
    )
    assert.deepEqual(set(decide({ service: wants('192.0.2.99') })), [undefined, 'False', 'AddressNotInPool'])
  })

  it('is missed in a condition and an event when the pool is used up, broken or not there', () => {
    const all = new Map([
      ['192.0.2.10', 'a/a'],
      ['192.0.2.11', 'b/b'],
    ])
    assert.deepEqual(set(decide({ taken: all })), [undefined, 'False', 'AddressPoolExhausted'])
    assert.deepEqual(set(decide({ pool: undefined })), [undefined, 'False', 'NoAddressPool'])
    assert.deepEqual(set(decide({ pool: '"x" is no address' })), [undefined, 'False', 'BrokenAddressPool'])
  })

  it('is one of each family that the Service and the pool have', () => {
    const spec = { type: 'LoadBalancer', ipFamilies: ['IPv6', 'IPv4'] }
    const pool = parsePool('192.0.2.10-192.0.2.11, 2001:db8::f0/124')
    const all = (more: Partial<ObservedBalancer>) => {
      const found = decide(more).find(({ type }) => type === 'set')
      return found?.type === 'set' ? [...found.ips, found.condition.reason, found.condition.message] : []
    }
    const said = ['AddressAllocated', '2001:db8::f0 and 192.0.2.10 of the pool']
    assert.deepEqual(all({ pool, service: service({ spec }) }), ['2001:db8::f0', '192.0.2.10', ...said])
    assert.deepEqual(all({ service: service({ spec }) }), [
      '192.0.2.10',
      'AddressAllocated',
      '192.0.2.10 of the pool, which has none of IPv6',
    ])
    const six = service({ spec: { ipFamilies: ['IPv6'] } })
    assert.deepEqual(all({ pool, service: six }).slice(0, 2), ['2001:db8::f0', 'AddressAllocated'])
    assert.deepEqual(set(decide({ service: six })), [undefined, 'False', 'AddressFamilyNotServed'])
    const annotations = { [WANTED_ADDRESS]: '192.0.2.11, 2001:db8:0::f7' }
    const wants = all({ pool, service: service({ spec, annotations }) })
    assert.deepEqual(wants.slice(0, 2), ['2001:db8::f7', '192.0.2.11'])
    const four = service({ annotations: { [WANTED_ADDRESS]: '2001:db8::f7' } })
    assert.deepEqual(set(decide({ pool, service: four })), [undefined, 'False', 'AddressNotInPool'])
    const taken = new Map([['2001:db8::f7', 'a/a']])
    const half = all({ pool, taken, service: service({ spec, annotations }) })
    assert.deepEqual(half, ['192.0.2.11', 'AddressTaken', '2001:db8::f7 belongs to Service a/a'])
  })

  it('is left alone where there is no pool and somebody else gave it', () => {
    assert.deepEqual(decide({ pool: undefined, service: service({ ip: '203.0.113.1' }) }), [])
  })

  it('is another one when two have the same, or the pool was changed', () => {
    const has = service({ ip: '192.0.2.10' })
    assert.equal(set(decide({ service: has, taken: new Map([['192.0.2.10', 'a/a']]) }))?.[0], '192.0.2.11')
    assert.equal(set(decide({ service: has, pool: parsePool('192.0.2.99') }))?.[0], '192.0.2.99')
  })

  it("is none of a Service that is of another type or another controller's class", () => {
    assert.deepEqual(decide({ service: service({ spec: { type: 'ClusterIP' } }) }), [])
    assert.deepEqual(decide({ service: service({ spec: { loadBalancerClass: 'example.org/other' } }) }), [])
    const was = service({ spec: { type: 'ClusterIP' }, annotations: { [ANNOUNCED_BY]: 'one' } })
    assert.deepEqual(announcer(decide({ service: was })), [undefined])
  })
})
