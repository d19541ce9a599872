import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { POD_RANGE } from '@brume/api/network'
import { freeBlock } from './blocks.ts'
import { decideRange } from './controller.ts'

const node = (spec: object = {}, annotations = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', annotations },
  spec,
})

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
    assert.deepEqual(decideRange({ node: fresh, range: '10.42.0.0/16', taken: [] }).actions, [
      { type: 'assign', node: fresh, block: '10.42.0.0/24', range: '10.42.0.0/16' },
    ])
    const has = node({ podCIDR: '10.42.0.0/24' }, { [POD_RANGE]: '10.42.0.0/16' })
    assert.deepEqual(decideRange({ node: has, range: '10.42.0.0/16', taken: [] }).actions, [])
  })

  it('is missed in a sentence when there is none left', () => {
    const [action] = decideRange({ node: node(), range: '10.42.0.0/24', taken: ['10.42.0.0/24'] }).actions
    assert.equal(action?.type, 'exhausted')
  })
})
