import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { FairShare, type Shares } from './fair-share.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Work that ends when it is told to. */
function bench(shares: Shares) {
  const share = new FairShare(shares)
  const active: { client: string; end: () => void }[] = []
  const refused: string[] = []
  const want = (client: string) =>
    void share
      .run(client, () => new Promise<void>((resolve) => active.push({ client, end: resolve })))
      .catch(() => refused.push(client))
  const end = async (index: number) => {
    active.splice(index, 1)[0]!.end()
    await turn()
  }
  const countOf = (client: string) => active.filter((one) => one.client === client).length
  return { want, end, active, refused, countOf }
}

describe('a fair share', () => {
  it('lets a client have so much under way, so much waiting, and refuses the rest', async () => {
    const { want, active, refused } = bench({ total: 10, perClient: 2, waitingPerClient: 3 })
    for (let i = 0; i < 9; i++) want('flood')
    await turn()
    assert.deepEqual([active.length, refused.length], [2, 4])
  })

  it('gives what becomes free to whoever has least under way', async () => {
    const { want, end, countOf } = bench({ total: 4, perClient: 4, waitingPerClient: 100 })
    for (let i = 0; i < 50; i++) want('flood')
    want('other')
    await turn()
    assert.deepEqual([countOf('flood'), countOf('other')], [4, 0])
    await end(0)
    assert.deepEqual([countOf('flood'), countOf('other')], [3, 1])
  })

  it('never has more under way than it may, and loses nobody, whatever ends when', async () => {
    const random = seededRandom(5)
    const shares = { total: 6, perClient: 3, waitingPerClient: 5 }
    const { want, end, active, refused, countOf } = bench(shares)
    const clients = ['a', 'b', 'c', 'd']
    let wanted = 0
    let ended = 0
    for (let i = 0; i < 3000; i++) {
      if (random.below(2) === 0) {
        want(clients[random.below(clients.length)]!)
        wanted++
        await turn()
      } else if (active.length > 0) {
        await end(random.below(active.length))
        ended++
      }
      assert.ok(active.length <= shares.total)
      for (const client of clients) assert.ok(countOf(client) <= shares.perClient)
    }
    while (active.length > 0) {
      await end(0)
      ended++
    }
    assert.equal(ended + refused.length, wanted)
  })
})
