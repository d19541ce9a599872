// Refusals are recorded though no rule asks for it, and anybody can cause them, strangers too. So that nobody pushes what
// matters out of the log with them, each user's are recorded as long as they are few; the rest are counted, and the next one
// that is recorded says how many there were.

/** Of one user: at once, and then for each second. */
const BURST = 60
const PER_SECOND = 1
/** Beyond them, the one who came first is forgotten. */
const MAX_USERS = 1_000

interface Account {
  /** How many may be recorded now. */
  left: number
  at: number
  omitted: number
}

export class Refusals {
  readonly #accounts = new Map<string, Account>()

  /** undefined: not to be recorded. Else how many of the user's were not since the last that was. `now`: milliseconds. */
  admit(user: string, now: number): number | undefined {
    const account = this.#accountOf(user, now)
    account.left = Math.min(BURST, account.left + ((now - account.at) / 1000) * PER_SECOND)
    account.at = now
    if (account.left < 1) {
      account.omitted++
      return undefined
    }
    account.left--
    const { omitted } = account
    account.omitted = 0
    return omitted
  }

  #accountOf(user: string, now: number): Account {
    const known = this.#accounts.get(user)
    if (known !== undefined) return known
    const [oldest] = this.#accounts.keys()
    if (this.#accounts.size >= MAX_USERS && oldest !== undefined) this.#accounts.delete(oldest)
    const account = { left: BURST, at: now, omitted: 0 }
    this.#accounts.set(user, account)
    return account
  }
}
