import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { at } from '../pod-control/testing.ts'
import { decideJob } from './decide.ts'
import { INDEX, indexOf, indexSet, indexText } from './index-set.ts'
import { JobWorld, job } from './testing.ts'

const failedWith = (exitCode: number) => ({
  containerStatuses: [{ name: 'c', state: { terminated: { exitCode } } }],
})
const indexed = (spec: object) => job({ completionMode: 'Indexed', ...spec })

describe('job', () => {
  it('runs as many pods at once as it may, and as many in all as it must', () => {
    const world = new JobWorld(job({ completions: 3, parallelism: 2 }))
    world.settle()
    assert.equal(world.running().length, 2)
    assert.equal(world.status.startTime, at(0))
    for (let i = 0; i < 2; i++) {
      world.end(world.running()[0]!, 'Succeeded')
      world.settle()
    }
    assert.equal(world.running().length, 1)
    world.end(world.running()[0]!, 'Succeeded')
    world.settle()
    assert.equal(world.finished(), 'Complete: CompletionsReached')
    assert.equal(world.status.succeeded, 3)
    assert.ok(world.status.completionTime)
    assert.deepEqual(world.status.uncountedTerminatedPods, {})
    assert.deepEqual(world.said, ['Completed'])
    assert.ok(world.pods.every(({ metadata }) => metadata.finalizers?.length === 0))
  })

  it('is complete without completions when one pod succeeded and the others ended', () => {
    const world = new JobWorld(job({ completions: undefined, parallelism: 2 }))
    world.settle()
    world.end(world.running()[0]!, 'Succeeded')
    world.settle()
    assert.equal(world.running().length, 1, 'no pod is added')
    assert.equal(world.finished(), undefined)
    world.end(world.running()[0]!, 'Succeeded')
    world.settle()
    assert.equal(world.finished(), 'Complete: CompletionsReached')
  })

  it('waits longer after each failure, and fails beyond the limit', () => {
    const world = new JobWorld(job({ backoffLimit: 2 }))
    const waits: (number | undefined)[] = []
    for (let i = 0; i < 3; i++) {
      world.settle()
      world.end(world.running()[0]!, 'Failed')
      const wait = world.settle()
      waits.push(wait)
      world.now += wait ?? 0
    }
    assert.deepEqual(waits, [10_000, 20_000, undefined])
    assert.equal(world.finished(), 'Failed: BackoffLimitExceeded')
    assert.equal(world.status.failed, 3)
    assert.deepEqual(world.said, ['BackoffLimitExceeded'])
  })

  it('stops its pods before it says that it failed', () => {
    const world = new JobWorld(job({ completions: 2, parallelism: 2, backoffLimit: 0 }))
    world.graceful = true
    world.settle()
    const [first, second] = world.running()
    world.end(first!, 'Failed')
    world.settle()
    assert.equal(world.finished(), undefined)
    assert.equal(world.status.conditions[0].type, 'FailureTarget')
    assert.equal(world.status.terminating, 1)
    world.end(world.pods.find(({ metadata }) => metadata.uid === second!.metadata.uid)!, 'Failed')
    world.settle()
    assert.equal(world.finished(), 'Failed: BackoffLimitExceeded')
    assert.equal(world.status.failed, 2)
  })

  it('fails at its deadline, which a suspended Job does not reach', () => {
    const world = new JobWorld(job({ activeDeadlineSeconds: 60 }))
    world.settle()
    assert.equal(world.settle(), 60_000)
    world.now += 60_000
    world.settle()
    assert.equal(world.finished(), 'Failed: DeadlineExceeded')
    const suspended = new JobWorld(job({ activeDeadlineSeconds: 60, suspend: true }))
    suspended.settle()
    suspended.now += 600_000
    suspended.settle()
    assert.equal(suspended.finished(), undefined)
  })

  it('has no pods while suspended, which are no failures, and starts anew', () => {
    const world = new JobWorld(job({ parallelism: 2, completions: 2 }))
    world.settle()
    const resume = world.job
    world.job = { ...world.job, spec: { ...world.job['spec'], suspend: true } }
    world.settle()
    assert.deepEqual([world.pods.length, world.status.failed, world.status.active], [0, undefined, undefined])
    world.job = { ...world.job, spec: resume['spec'] }
    world.now += 5000
    world.settle()
    assert.equal(world.status.startTime, at(5000))
    assert.equal(world.running().length, 2)
    assert.deepEqual(world.said, ['Suspended', 'Resumed'])
  })

  it('gives each pod of an Indexed Job its index, and counts indexes', () => {
    const world = new JobWorld(indexed({ completions: 4, parallelism: 4 }))
    world.settle()
    assert.deepEqual(world.running().map(indexOf), [0, 1, 2, 3])
    const [pod] = world.running()
    assert.equal(pod!.metadata.generateName, 'j-0-')
    assert.equal(pod!['spec'].hostname, 'j-0')
    assert.equal(pod!['spec'].containers[0].env[0].name, 'JOB_COMPLETION_INDEX')
    assert.equal(pod!.metadata.labels![INDEX], '0')
    for (const index of [0, 2, 3]) world.end(world.running().find((p) => indexOf(p) === index)!, 'Succeeded')
    world.end(world.running()[0]!, 'Failed')
    world.now += world.settle() ?? 0
    assert.equal(world.status.completedIndexes, '0,2,3')
    world.settle()
    assert.deepEqual(world.running().map(indexOf), [1])
    world.end(world.running()[0]!, 'Succeeded')
    world.settle()
    assert.deepEqual([world.status.completedIndexes, world.status.succeeded], ['0-3', 4])
  })

  it('lets indexes fail each by itself', () => {
    const world = new JobWorld(
      indexed({ completions: 2, parallelism: 2, backoffLimitPerIndex: 1, backoffLimit: 2 ** 31 - 1 }),
    )
    world.settle()
    world.end(world.running().find((pod) => indexOf(pod) === 1)!, 'Succeeded')
    for (let i = 0; i < 2; i++) {
      world.end(world.running().find((pod) => indexOf(pod) === 0)!, 'Failed')
      const wait = world.settle()
      assert.equal(wait, i === 0 ? 10_000 : undefined)
      world.now += wait ?? 0
      world.settle()
    }
    assert.equal(world.finished(), 'Failed: FailedIndexes')
    assert.deepEqual(
      [world.status.failedIndexes, world.status.completedIndexes, world.status.failed],
      ['0', '1', 2],
    )
  })

  it('succeeds early by its success policy, and stops the rest', () => {
    const successPolicy = { rules: [{ succeededIndexes: '0', succeededCount: 1 }] }
    const world = new JobWorld(indexed({ completions: 3, parallelism: 3, successPolicy }))
    world.settle()
    world.end(world.running()[0]!, 'Succeeded')
    world.settle()
    assert.equal(world.finished(), 'Complete: SuccessPolicy')
    assert.equal(world.running().length, 0)
  })

  const policies: [string, object, number, string | undefined, number | undefined][] = [
    [
      'fails at once',
      { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
      42,
      'Failed: PodFailurePolicy',
      1,
    ],
    [
      'does not count',
      { action: 'Ignore', onExitCodes: { operator: 'NotIn', values: [1] } },
      42,
      undefined,
      undefined,
    ],
    [
      'counts what no rule matches',
      { action: 'FailJob', onExitCodes: { operator: 'In', values: [7] } },
      42,
      undefined,
      1,
    ],
  ]
  for (const [title, rule, code, outcome, failed] of policies) {
    it(`${title} by its pod failure policy`, () => {
      const world = new JobWorld(job({ podFailurePolicy: { rules: [rule] }, podReplacementPolicy: 'Failed' }))
      world.settle()
      world.end(world.running()[0]!, 'Failed', failedWith(code))
      world.settle()
      assert.equal(world.finished(), outcome)
      assert.equal(world.status.failed, failed)
    })
  }

  it('replaces a pod that is being deleted at once, or only when it has ended', () => {
    for (const [policy, running] of [
      ['TerminatingOrFailed', 1],
      ['Failed', 0],
    ] as const) {
      const world = new JobWorld(job({ podReplacementPolicy: policy }))
      world.graceful = true
      world.settle()
      const [first] = world.running()
      world.act({ type: 'deletePods', job: world.job, pods: [first!] })
      world.now += world.settle() ?? 0
      world.settle()
      assert.equal(
        world.running().filter(({ metadata }) => metadata.deletionTimestamp === undefined).length,
        running,
      )
    }
  })

  it('lets pods of a Job that is gone go, and leaves Jobs of others alone', () => {
    const world = new JobWorld(job())
    world.settle()
    const nothing = { owned: [], orphans: [], backoff: world.backoff }
    const freed = decideJob({ ...nothing, job: undefined, strays: world.pods }, world.now)
    assert.deepEqual(
      freed.actions.map(({ type }) => type),
      ['untrack'],
    )
    const other = job({ managedBy: 'example.org/other' })
    assert.deepEqual(decideJob({ ...nothing, job: other, strays: [] }, world.now).actions, [])
  })

  it('writes and reads sets of indexes', () => {
    assert.equal(indexText([4, 0, 1, 2, 7, 8]), '0-2,4,7,8')
    assert.deepEqual([...indexSet('0-2,4,9', 5)], [0, 1, 2, 4])
  })

  it('never counts a pod twice or runs too many, and always ends', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = seededRandom(seed)
      const completions = 1 + random.below(6)
      const parallelism = 1 + random.below(4)
      const mode = random.chance(0.5) ? 'Indexed' : 'NonIndexed'
      const world = new JobWorld(job({ completions, parallelism, completionMode: mode, backoffLimit: 4 }))
      let failed = 0
      for (let step = 0; step < 200 && world.finished() === undefined; step++) {
        world.now += world.settle() ?? 0
        assert.ok(world.running().length <= parallelism, `seed ${seed}`)
        for (const pod of world.running()) {
          if (random.chance(0.5)) continue
          const fails = random.chance(0.3)
          if (fails) failed++
          world.end(pod, fails ? 'Failed' : 'Succeeded')
        }
      }
      const outcome = world.finished()
      assert.ok(outcome, `seed ${seed} ended`)
      if (outcome!.startsWith('Complete')) assert.equal(world.status.succeeded, completions, `seed ${seed}`)
      else assert.ok(world.status.failed > 4, `seed ${seed}`)
      // Pods that were stopped with a failed Job count as failures too.
      assert.ok(
        (world.status.failed ?? 0) >= failed && (world.status.failed ?? 0) <= failed + parallelism,
        `seed ${seed}`,
      )
      assert.ok(
        world.pods.every(({ metadata }) => metadata.finalizers!.length === 0),
        `seed ${seed}`,
      )
    }
  })
})
