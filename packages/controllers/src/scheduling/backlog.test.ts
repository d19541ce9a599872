import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLogger } from '@brume/base/log'
import { Backlog } from './backlog.ts'
import { Slots } from './slots.ts'

const tick = () => new Promise((resolve) => setImmediate(resolve))

describe('what may be done later', () => {
  it('is done one at a time while calls are under way, all of it once they rest', async () => {
    const slots = new Slots(2)
    const backlog = new Backlog({ slots, logger: createLogger('error') })
    const call = Promise.withResolvers<void>()
    await slots.run(() => call.promise)
    let [under, most, done] = [0, 0, 0]
    for (let i = 0; i < 10; i++) {
      backlog.add(async () => {
        most = Math.max(most, ++under)
        await tick()
        under--
        done++
      })
    }
    for (let i = 0; i < 4; i++) await tick()
    assert.equal(most, 1)
    assert.ok(done < 10)
    call.resolve()
    for (let i = 0; i < 6; i++) await tick()
    assert.deepEqual([done, most > 1], [10, true])
  })

  it('is not done any more when it ends', async () => {
    const slots = new Slots(1)
    const backlog = new Backlog({ slots, logger: createLogger('error') })
    const call = Promise.withResolvers<void>()
    await slots.run(() => call.promise)
    let done = 0
    for (let i = 0; i < 5; i++) backlog.add(async () => void done++)
    backlog.clear()
    call.resolve()
    await tick()
    assert.equal(done, 1)
  })
})
