// Every bound of the listener, in one place.

/** Bounds of what clients can make the server hold. */
export const LISTENER_LIMITS = {
  connections: 20_000,
  streamsPerConnection: 250,
  headerBytes: 64 * 1024,
  headerPairs: 200,
  handshakeMs: 10_000,
  /** A request's head must arrive within this time, the whole request within five minutes. */
  headMs: 20_000,
  requestMs: 300_000,
  /** A connection on which nothing is open. */
  idleMs: 600_000,
} as const
