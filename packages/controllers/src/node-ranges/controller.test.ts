import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { POD_RANGE, SERVICE_RANGE } from '@brume/api/network'
import { freeBlock } from './blocks.ts'
import { decideRange } from './controller.ts'

const node = (spec: object = {}, annotations = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', annotations },
  spec,
})

const ONE = { pods: ['10.42.0.0/16'], services: ['10.96.0.0/16'] }

describe('the range of a node', () => {
  it('is the lowest that nobody has', () => {
    assert.equal(freeBlock('10.42.0.0/16', []), '10.42.0.0/24')
    assert.equal(freeBlock('10.42.0.0/16', ['10.42.0.0/24', '10.42.2.0/24']), '10.42.1.0/24')
    assert.equal(freeBlock('10.42.0.0/16', ['10.42.0.0/23', 'fd00::/64']), '10.42.2.0/24')
  })

  it('is all of a cloud that has no more than one', () => {
    assert.equal(freeBlock('10.42.7.0/24', []), '10.42.7.0/24')
    assert.equal(freeBlock('10.42.7.0/26', ['10.42.7.0/26']), undefined)
  })

  it('is given once, with the range of the cloud', () => {
    const fresh = node()
    assert.deepEqual(decideRange({ node: fresh, ranges: ONE, taken: [] }).actions, [
      { type: 'assign', node: fresh, blocks: ['10.42.0.0/24'], ranges: ONE },
    ])
    const has = node(
      { podCIDR: '10.42.0.0/24' },
      { [POD_RANGE]: '10.42.0.0/16', [SERVICE_RANGE]: '10.96.0.0/16' },
    )
    assert.deepEqual(decideRange({ node: has, ranges: ONE, taken: [] }).actions, [])
  })

  it('is one of each family in a cloud with both', () => {
    const ranges = { pods: ['10.42.0.0/16', 'fd00::/56'], services: ['10.96.0.0/16', 'fd00:0:0:ffff::/112'] }
    const taken = ['10.42.0.0/24', 'fd00::/64', 'fd00:0:0:2::/64']
    const [action] = decideRange({ node: node(), ranges, taken }).actions
    assert.deepEqual(action?.type === 'assign' && action.blocks, ['10.42.1.0/24', 'fd00:0:0:1::/64'])
    const full = { ...ranges, pods: ['10.42.0.0/16', 'fd00::/64'] }
    const [missed] = decideRange({ node: node(), ranges: full, taken }).actions
    assert.match(missed?.type === 'exhausted' ? missed.message : '', /^all addresses of fd00::\/64 are given/)
  })

  it('is missed in a sentence when there is none left', () => {
    const [action] = decideRange({
      node: node(),
      ranges: { pods: ['10.42.0.0/24'], services: [] },
      taken: ['10.42.0.0/24'],
    }).actions
    assert.equal(action?.type, 'exhausted')
  })
})
