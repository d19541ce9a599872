// Assertions are for programmer errors only: input is validated first, so a user can never trip one.

export class AssertionError extends Error {
  override name = 'AssertionError'
}

/** Throws AssertionError when `condition` is falsy. `why` states the invariant that was broken. */
export function assert(condition: unknown, why: string): asserts condition {
  if (!condition) throw new AssertionError(why)
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never, what: string): never {
  throw new AssertionError(`unexpected ${what}: ${String(value)}`)
}
