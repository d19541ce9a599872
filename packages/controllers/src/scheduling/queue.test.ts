import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { podInfoOf } from '@brume/scheduler/pod-info'
import { SchedulingQueue } from './queue.ts'

const pod = (name: string, priority = 0) =>
  podInfoOf({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', uid: name },
    spec: { priority, containers: [{ name: 'main' }] },
  } as KubeObject)

const take = (queue: SchedulingQueue, now: number) => queue.take(now)?.info.name

describe('the queue of pods without a node', () => {
  it('gives the most important first, and equals in the order they came', () => {
    const queue = new SchedulingQueue()
    for (const [name, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
    ] as const)
      queue.put(pod(name, priority))
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((now) => take(queue, now)),
      ['b', 'd', 'a', 'c', undefined],
    )
  })

  it('a pod that was put aside comes back only after an event that helps it, and after its back-off', () => {
    const queue = new SchedulingQueue()
    queue.put(pod('a'))
    queue.setAside(queue.take(0)!, new Set(['node']))
    assert.equal(queue.wake('podGone'), false)
    assert.equal(take(queue, 200_000), undefined)
    assert.equal(queue.wake('node'), true)
    assert.equal(queue.nextDueMs(500), 1_000)
    assert.equal(take(queue, 999), undefined)
    assert.equal(take(queue, 1_000), 'a')
  })

  it('back-off doubles up to ten seconds', () => {
    const queue = new SchedulingQueue()
    queue.put(pod('a'))
    const waits: number[] = []
    let now = 0
    for (let attempt = 0; attempt < 6; attempt++) {
      queue.retry(queue.take(now)!)
      const next = queue.nextDueMs(now)!
      waits.push(next - now)
      now = next
    }
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
  })

  it('tries a pod that its owner changed at once, and forgets one that went', () => {
    const queue = new SchedulingQueue()
    queue.put(pod('a'))
    queue.setAside(queue.take(0)!, new Set())
    queue.put(pod('a'))
    assert.equal(take(queue, 1), 'a')
    queue.remove('a')
    assert.equal(queue.size, 0)
    assert.equal(take(queue, 1_000_000), undefined)
  })

  it('an attempt that ends after the pod changed does not put the new one aside', () => {
    const queue = new SchedulingQueue()
    queue.put(pod('a'))
    const old = queue.take(0)!
    queue.put(pod('a', 7))
    queue.setAside(old, new Set())
    assert.equal(take(queue, 1), 'a')
  })

  it('looks again after five minutes, whatever happens', () => {
    const queue = new SchedulingQueue()
    queue.put(pod('a'))
    queue.setAside(queue.take(0)!, new Set())
    assert.equal(queue.nextDueMs(1), 300_000)
    assert.equal(take(queue, 300_000), 'a')
  })
})
