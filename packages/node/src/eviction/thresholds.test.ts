import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HARD_THRESHOLDS } from './signals.ts'
import { type EvictionFlags, evictionSettings, keptFree, ThresholdError } from './thresholds.ts'

const MI = 1024 ** 2
const of = (flags: EvictionFlags, signal: string) =>
  evictionSettings(flags).thresholds.filter((one) => one.signal === signal)

describe('thresholds that are given', () => {
  it('are our own where none is', () => {
    assert.deepEqual(evictionSettings({}), { thresholds: HARD_THRESHOLDS, maxPodGraceSeconds: 30 })
  })

  it('take the place of ours, signal by signal, as amounts or shares', () => {
    const flags = { hard: 'memory.available<200Mi, nodefs.available<2.5%' }
    assert.deepEqual(of(flags, 'memory.available'), [
      { signal: 'memory.available', least: { amount: 200 * MI } },
    ])
    assert.deepEqual(of(flags, 'nodefs.available'), [{ signal: 'nodefs.available', least: { share: 0.025 } }])
    assert.deepEqual(of(flags, 'pid.available'), [{ signal: 'pid.available', least: { share: 0.05 } }])
  })

  it('may be missed for a while when they are soft, beside the hard ones', () => {
    const flags = {
      soft: 'memory.available<1Gi,imagefs.available<20%',
      softGracePeriod: 'imagefs.available=30s,memory.available=1m30s',
      maxPodGracePeriod: '5',
    }
    assert.deepEqual(of(flags, 'memory.available'), [
      { signal: 'memory.available', least: { amount: 100 * MI } },
      { signal: 'memory.available', least: { amount: 1024 * MI }, graceMs: 90_000 },
    ])
    assert.equal(of(flags, 'imagefs.available')[1]?.graceMs, 30_000)
    assert.equal(evictionSettings(flags).maxPodGraceSeconds, 5)
  })

  it('keep as much of the machine from pods as the hard ones say', () => {
    const { thresholds } = evictionSettings({
      hard: 'memory.available<10%,nodefs.available<1Gi',
      soft: 'memory.available<50%',
      softGracePeriod: 'memory.available=1s',
    })
    const kept = { memoryBytes: 400 * MI, diskBytes: 1024 * MI }
    assert.deepEqual(keptFree(thresholds, { memoryBytes: 4000 * MI, diskBytes: 10 }), kept)
  })

  const wrong: [EvictionFlags, RegExp][] = [
    [{ hard: 'memory.available' }, /^--eviction-hard: "memory\.available" is not SIGNAL<VALUE$/],
    [{ hard: '' }, /"" is not SIGNAL<VALUE/],
    [{ hard: 'memory.free<1Gi' }, /there is no signal memory\.free; there are memory\.available, /],
    [{ hard: 'memory.available<1Gi,memory.available<2Gi' }, /memory\.available is there twice/],
    [{ hard: 'memory.available<much' }, /"much" is neither an amount such as 200Mi nor a share such as 10%/],
    [{ hard: 'memory.available<-1' }, /neither an amount/],
    [{ hard: 'nodefs.available<100%' }, /a share is from 0% to less than 100%/],
    [
      { soft: 'memory.available<1Gi' },
      /^--eviction-soft: memory\.available has no grace period \(--eviction-soft-grace-period\)$/,
    ],
    [{ softGracePeriod: 'memory.available=1m' }, /memory\.available has no threshold \(--eviction-soft\)/],
    [
      { soft: 'memory.available<1Gi', softGracePeriod: 'memory.available=90' },
      /"90" is no time such as 30s or 1m30s/,
    ],
    [{ soft: 'memory.available<1Gi', softGracePeriod: 'memory.available=-1s' }, /is no time/],
    [{ maxPodGracePeriod: '1m' }, /^--eviction-max-pod-grace-period: "1m" is no whole number of seconds$/],
  ]
  for (const [flags, message] of wrong) {
    it(`are refused with the flag and an example: ${JSON.stringify(flags)}`, () => {
      assert.throws(
        () => evictionSettings(flags),
        (error) =>
          error instanceof ThresholdError && message.test(error.message) && /^--eviction/.test(error.example),
      )
    })
  }

  it('never give anything but thresholds or a refusal, whatever is typed', () => {
    const parts = ['memory.available', '<', '=', ',', '1Gi', '10%', '-', ' ', '90s', 'x', '']
    for (let i = 0; i < 3000; i++) {
      const text = Array.from({ length: i % 7 }, (_, at) => parts[(i * (at + 3) * 7) % parts.length]).join('')
      try {
        const { thresholds } = evictionSettings({ hard: text, soft: text, softGracePeriod: text })
        assert.ok(thresholds.length >= HARD_THRESHOLDS.length)
      } catch (error) {
        assert.ok(error instanceof ThresholdError, `${text}: ${error}`)
      }
    }
  })
})
