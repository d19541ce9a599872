import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { afterFailure, type FailureKind, newAttempt } from './attempt.ts'
import { failureOf } from './explain.ts'
import { AcmeError } from './protocol/error.ts'

const NOW = Date.parse('2030-01-01T00:00:00Z')
const DAY_MS = 24 * 3600_000

describe('a failure', () => {
  /** Minutes. */
  const waits = (kind: FailureKind) => {
    let attempt = newAttempt(['a.org'])
    return Array.from({ length: 12 }, () => {
      attempt = afterFailure(attempt, { kind, message: '' }, NOW)
      return (attempt.retryAt - NOW) / 60_000
    })
  }

  it('is waited out twice as long as the one before, up to a day where the CA has said no', () => {
    assert.deepEqual(waits('refused').slice(0, 5), [5, 10, 20, 40, 80])
    assert.equal(waits('refused').at(-1), 24 * 60)
    assert.equal(waits('precheck').at(-1), 10)
  })

  it('is waited out as long as the CA names', () => {
    const refusal = failureOf(new AcmeError('rateLimited', 'too many', { retryAfterMs: 3 * DAY_MS }))
    const { retryAt } = afterFailure(newAttempt(['a.org']), refusal, NOW)
    assert.deepEqual([refusal.kind, retryAt], ['rateLimited', NOW + 3 * DAY_MS])
  })

  it('costs the order only where somebody said no to it', () => {
    const order = { url: 'https://ca/o', privateKeyPem: 'key', startedAt: NOW }
    const after = (kind: FailureKind) =>
      afterFailure({ ...newAttempt(['a.org']), order }, { kind, message: '' }, NOW).order
    assert.deepEqual([after('unreachable'), after('refused')], [order, undefined])
  })
})
