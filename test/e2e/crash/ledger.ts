// What the clients know: which writes were acknowledged, and which may or may not have happened. The checker compares
// it with what the server says after each restart.

import assert from 'node:assert/strict'

/** An object as one write left it; undefined: it does not exist. */
export interface Written {
  token: string
  revision: number
  uid: string
}

/** A write whose answer has not come. */
export type Attempt = { verb: 'put'; token: string } | { verb: 'delete' }

interface KeyState {
  acknowledged: Written | undefined
  /** At most one: each key has one writer. */
  attempt: Attempt | undefined
}

/** A change as a watch tells it. */
export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  key: string
  revision: number
  token: string | undefined
}

export class Ledger {
  readonly #keys = new Map<string, KeyState>()
  /** Every acknowledged put, by revision. */
  readonly #puts = new Map<number, { key: string; token: string }>()
  /** Tokens of writes whose fate was unknown when the server died. */
  readonly #uncertain = new Set<string>()
  readonly #tokensSeen = new Set<string>()
  acknowledgements = 0
  uncertainties = 0

  stateOf(key: string): Written | undefined {
    return this.#state(key).acknowledged
  }

  /** False while a write of the key may or may not have happened. */
  isCertain(key: string): boolean {
    return this.#state(key).attempt === undefined
  }

  attempt(key: string, attempt: Attempt): void {
    const state = this.#state(key)
    assert.equal(state.attempt, undefined, 'one writer a key')
    state.attempt = attempt
  }

  /** The server said that it is done. */
  acknowledge(key: string, written: Written | undefined): void {
    const state = this.#state(key)
    const { acknowledged, attempt } = state
    assert.ok(attempt !== undefined, 'only what was asked for is acknowledged')
    if (written !== undefined) {
      assert.ok(
        attempt.verb === 'put' && attempt.token === written.token,
        `${key}: another write was acknowledged`,
      )
      assert.ok(!this.#puts.has(written.revision), `revision ${written.revision} was given twice`)
      const before = acknowledged?.revision ?? 0
      assert.ok(written.revision > before, `${key}: revision ${written.revision} is not after ${before}`)
      this.#puts.set(written.revision, { key, token: written.token })
    }
    state.acknowledged = written
    state.attempt = undefined
    this.acknowledgements++
  }

  /** The server said that it did nothing. */
  refuse(key: string): void {
    this.#state(key).attempt = undefined
  }

  /** Compares with what the server holds after a restart, and takes over what became of uncertain writes. */
  reconcile(found: ReadonlyMap<string, Written>): void {
    for (const [key, state] of this.#keys) {
      const now = found.get(key)
      const { acknowledged, attempt } = state
      const unchanged = now?.token === acknowledged?.token && now?.revision === acknowledged?.revision
      if (unchanged) assert.equal(now?.uid, acknowledged?.uid, `${key} is another object`)
      else assert.ok(explains(attempt, acknowledged, now), lost(key, state, now))
      if (attempt !== undefined) {
        this.uncertainties++
        if (attempt.verb === 'put') this.#uncertain.add(attempt.token)
      }
      this.#keys.set(key, { acknowledged: now, attempt: undefined })
    }
    for (const key of found.keys()) assert.ok(this.#keys.has(key), `${key} was never written`)
  }

  /** The whole history since the last check, from the server: each change at most once, each acknowledged put in it. */
  checkHistory(
    history: readonly Change[],
    { after, through }: { after: number; through: number },
    prefix: string,
  ): void {
    const revisions = new Set<number>()
    for (const { type, key, revision, token } of history) {
      revisions.add(revision)
      const put = this.#puts.get(revision)
      if (type === 'DELETED') {
        assert.equal(
          put,
          undefined,
          `revision ${revision} of ${key} was acknowledged as a put, not a deletion`,
        )
        continue
      }
      assert.ok(
        token !== undefined && !this.#tokensSeen.has(token),
        `${key}: a write happened twice (${token})`,
      )
      this.#tokensSeen.add(token)
      if (put === undefined) assert.ok(this.#uncertain.has(token), `${key}: nobody wrote ${token}`)
      else assert.deepEqual({ key, token }, put, `revision ${revision}`)
    }
    for (const [revision, { key }] of this.#puts) {
      if (!key.startsWith(prefix) || revision <= after || revision > through) continue
      assert.ok(revisions.has(revision), `the put of ${key} at revision ${revision} is not in the history`)
    }
  }

  #state(key: string): KeyState {
    let state = this.#keys.get(key)
    if (state === undefined) {
      state = { acknowledged: undefined, attempt: undefined }
      this.#keys.set(key, state)
    }
    return state
  }
}

function explains(
  attempt: Attempt | undefined,
  before: Written | undefined,
  now: Written | undefined,
): boolean {
  if (attempt === undefined) return false
  if (attempt.verb === 'delete') return now === undefined
  if (now === undefined || now.token !== attempt.token) return false
  return before === undefined || (now.uid === before.uid && now.revision > before.revision)
}

function lost(key: string, { acknowledged, attempt }: KeyState, now: Written | undefined): string {
  const text = (value: unknown) => JSON.stringify(value) ?? 'absent'
  return `${key}: acknowledged ${text(acknowledged)}, under way ${text(attempt)}, found ${text(now)}`
}
