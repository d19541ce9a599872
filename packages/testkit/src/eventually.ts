// Waiting for a condition with a limit: never for a time.

import { setTimeout as sleep } from 'node:timers/promises'

/** Named limit of every wait; long, because machines that run tests are slow and shared. */
export const WAIT_LIMIT_MS = 60_000
const POLL_MS = 20

/** Calls `probe` until it gives something other than undefined or false. Throws naming `what` at the limit. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = WAIT_LIMIT_MS,
): Promise<T> {
  const end = Date.now() + limitMs
  let last: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value !== undefined && value !== false) return value
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > end) {
      throw new Error(
        `${what} did not happen within ${limitMs} ms`,
        last === undefined ? {} : { cause: last },
      )
    }
    await sleep(POLL_MS)
  }
}
