import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseRange } from './choose-range.ts'

const SERVICES = { range: '10.96.0.0/16', by: "the Services' range" }

describe("the pods' range", () => {
  it('is 10.42.0.0/24 where nothing else is', () => {
    assert.deepEqual(chooseRange({ name: 'brume', taken: [SERVICES] }), { range: '10.42.0.0/24' })
  })

  it('keeps clear of all routes but the default one', () => {
    const taken = [
      { range: 'default', by: 'the route over eth0' },
      { range: '0.0.0.0/0', by: 'the route over eth0' },
      { range: '10.42.0.0/23', by: 'the route over docker0' },
      { range: '10.42.2.7', by: 'the route over wg0' },
    ]
    assert.deepEqual(chooseRange({ name: 'brume', taken }), { range: '10.42.3.0/24' })
  })

  it('is another one for another cloud on the same machine', () => {
    const ranges = ['brume', 'brume-00000001', 'brume-00000002'].map((name) =>
      chooseRange({ name, taken: [] }),
    )
    assert.equal(new Set(ranges.map((answer) => JSON.stringify(answer))).size, 3)
  })

  it('is what was asked for, else what pods have, else what the Node says', () => {
    const question = { name: 'brume', taken: [], kept: '10.50.0.0/24', assigned: '10.60.0.0/24' }
    assert.deepEqual(chooseRange({ ...question, wanted: '10.70.0.0/16' }), { range: '10.70.0.0/16' })
    assert.deepEqual(chooseRange(question), { range: '10.50.0.0/24' })
    assert.deepEqual(chooseRange({ ...question, kept: undefined }), { range: '10.60.0.0/24' })
  })

  it('is refused with the reason when it leads elsewhere, or is no range', () => {
    const taken = [{ range: '10.70.5.0/24', by: 'the route over eth1' }]
    assert.deepEqual(chooseRange({ name: 'brume', wanted: '10.70.0.0/16', taken }), {
      problem: "the pods' range 10.70.0.0/16 overlaps the route over eth1 (10.70.5.0/24)",
    })
    for (const wanted of ['10.70.0.0', '10.70.0.1/24', '10.70.0.0/30', '10.70.0/24', '300.1.1.0/24', '']) {
      assert.deepEqual(chooseRange({ name: 'brume', wanted, taken: [] }), {
        problem: `${wanted} is not a range of addresses such as 10.42.0.0/24`,
      })
    }
  })

  it('does not exist on a machine that uses all of them', () => {
    const answer = chooseRange({ name: 'brume', taken: [{ range: '10.0.0.0/8', by: 'the route over vpn0' }] })
    assert.match(JSON.stringify(answer), /leave no range between 10\.42\.0\.0 and 10\.105\.255\.255 free/)
  })
})
