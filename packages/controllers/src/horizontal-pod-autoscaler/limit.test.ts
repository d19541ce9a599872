import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { type History, newHistory, rescaled, type ScalingRules } from './history.ts'
import { type Behavior, limit } from './limit.ts'

const NOW = 1_000_000_000
const SECOND = 1000
const percent = (value: number, periodSeconds = 15) => ({ type: 'Percent' as const, value, periodSeconds })
const pods = (value: number, periodSeconds = 15) => ({ type: 'Pods' as const, value, periodSeconds })
const DEFAULTS: Behavior = {
  scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [pods(4), percent(100)] },
  scaleDown: { selectPolicy: 'Max', policies: [percent(100)] },
}

const up = (rules: ScalingRules): Behavior => ({ ...DEFAULTS, scaleUp: { ...DEFAULTS.scaleUp, ...rules } })
const down = (rules: ScalingRules): Behavior => ({
  ...DEFAULTS,
  scaleDown: { ...DEFAULTS.scaleDown, stabilizationWindowSeconds: 0, ...rules },
})

interface Case {
  desired: number
  current: number
  min?: number
  max?: number
  behavior?: Behavior
  history?: History
}

function sized({
  desired,
  current,
  min = 1,
  max = 100,
  behavior,
  history = newHistory(current, NOW - 3600 * SECOND),
}: Case) {
  const { replicas, able, limited } = limit(desired, { current, min, max }, { behavior, history, now: NOW })
  return [replicas, able.reason, limited.reason, limited.isLimited]
}

describe('the size of an autoscaled workload', () => {
  it('is between its bounds, and at most doubles without rules of its own', () => {
    const cases: [Case, unknown[]][] = [
      [{ desired: 5, current: 4 }, [5, 'ReadyForNewScale', 'DesiredWithinRange', false]],
      [{ desired: 30, current: 10 }, [20, 'ReadyForNewScale', 'ScaleUpLimit', true]],
      [{ desired: 4, current: 1 }, [4, 'ReadyForNewScale', 'DesiredWithinRange', false]],
      [{ desired: 12, current: 8, max: 10 }, [10, 'ReadyForNewScale', 'TooManyReplicas', true]],
      [{ desired: 1, current: 3, min: 2 }, [2, 'ReadyForNewScale', 'TooFewReplicas', true]],
    ]
    for (const [given, wanted] of cases) assert.deepEqual(sized(given), wanted, JSON.stringify(given))
  })

  it('falls to the highest that was recommended in the last five minutes', () => {
    const history: History = {
      recommendations: [
        { replicas: 9, atMs: NOW - 301 * SECOND },
        { replicas: 6, atMs: NOW - 299 * SECOND },
        { replicas: 2, atMs: NOW - 15 * SECOND },
      ],
      ups: [],
      downs: [],
    }
    assert.deepEqual(sized({ desired: 2, current: 8, history }), [
      6,
      'ScaleDownStabilized',
      'DesiredWithinRange',
      false,
    ])
    const behavior = { ...DEFAULTS, scaleDown: { ...DEFAULTS.scaleDown, stabilizationWindowSeconds: 60 } }
    assert.equal(sized({ desired: 2, current: 8, history, behavior })[0], 2)
  })

  it('rises to the lowest that was recommended in its window', () => {
    const history = { recommendations: [{ replicas: 5, atMs: NOW - 20 * SECOND }], ups: [], downs: [] }
    const behavior = up({ stabilizationWindowSeconds: 60 })
    assert.deepEqual(sized({ desired: 8, current: 4, history, behavior }), [
      5,
      'ScaleUpStabilized',
      'DesiredWithinRange',
      false,
    ])
  })

  it('rises and falls as fast as its policies allow', () => {
    const cases: [Case, unknown][] = [
      [{ desired: 50, current: 10, behavior: DEFAULTS }, 20],
      [{ desired: 50, current: 1, behavior: DEFAULTS }, 5],
      [{ desired: 50, current: 10, behavior: up({ selectPolicy: 'Min' }) }, 14],
      [{ desired: 50, current: 10, behavior: up({ selectPolicy: 'Disabled' }) }, 10],
      [{ desired: 1, current: 10, behavior: down({ policies: [percent(10, 60)] }) }, 9],
      [{ desired: 1, current: 10, behavior: down({ policies: [percent(10), pods(4)] }) }, 6],
      [
        {
          desired: 1,
          current: 10,
          behavior: down({ policies: [percent(10), pods(4)], selectPolicy: 'Min' }),
        },
        9,
      ],
      [{ desired: 1, current: 10, behavior: down({ selectPolicy: 'Disabled' }) }, 10],
    ]
    for (const [given, wanted] of cases) assert.equal(sized(given)[0], wanted, JSON.stringify(given))
  })

  it('counts from what was there when the period of a policy began', () => {
    const rules = { up: DEFAULTS.scaleUp, down: { policies: [pods(4, 60)] } }
    const first = rescaled(
      newHistory(10, NOW - 90 * SECOND),
      { from: 10, to: 7, now: NOW - 30 * SECOND },
      rules,
    )
    const behavior = down({ policies: [pods(4, 60)] })
    assert.equal(sized({ desired: 1, current: 7, history: first, behavior })[0], 6)
    const past = rescaled(
      newHistory(10, NOW - 190 * SECOND),
      { from: 10, to: 7, now: NOW - 61 * SECOND },
      rules,
    )
    assert.equal(sized({ desired: 1, current: 7, history: past, behavior })[0], 3)
  })

  it('never leaves its bounds, and never moves away from what is asked, whatever happened', () => {
    const random = seededRandom(7)
    for (let round = 0; round < 2000; round++) {
      const min = 1 + random.below(5)
      const max = min + random.below(20)
      const current = min + random.below(max - min + 1)
      const desired = random.below(40)
      const recommendations = Array.from({ length: random.below(6) }, () => ({
        replicas: random.below(40),
        atMs: NOW - random.below(600) * SECOND,
      }))
      const history = { recommendations, ups: [], downs: [] }
      const behavior = random.chance(0.5) ? DEFAULTS : undefined
      const [replicas] = sized({ desired, current, min, max, history, ...(behavior && { behavior }) })
      assert.ok((replicas as number) >= min && (replicas as number) <= max, `round ${round}`)
      if (desired >= current) assert.ok((replicas as number) >= Math.min(current, max), `round ${round}`)
    }
  })
})
