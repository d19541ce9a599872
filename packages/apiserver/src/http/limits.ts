// Every bound of the listener, in one place.

/** Bounds of what clients can make the server hold. */
export const LISTENER_LIMITS = {
  connections: 20_000,
  streamsPerConnection: 250,
  /** Of one HTTP/2 connection: headers, and what waits to be sent on all its streams. */
  connectionBytes: 128 * 1024 * 1024,
  headerBytes: 64 * 1024,
  headerPairs: 200,
  handshakeMs: 10_000,
  /** A request's head must arrive within this time. */
  headMs: 20_000,
  /** And the whole request, be it an image's layer over a slow line: what trickles is ended by `bodyMs` long before. */
  requestMs: 6 * 60 * 60_000,
  /** A body that somebody waits for; of one that is read in pieces, each piece. */
  bodyMs: 30_000,
  /** A connection on which nothing is open. */
  idleMs: 600_000,
  /** An answer of which the client takes nothing. */
  stalledMs: 60_000,
  /** How long and how much of a body that nobody wants is read after its answer. */
  lingerMs: 2_000,
  lingerBytes: 16 * 1024 * 1024,
  /** A peer that vanished without a word is noticed by the system's probes after this silence. */
  keepAliveMs: 60_000,
} as const

export type ListenerLimits = { [K in keyof typeof LISTENER_LIMITS]: number }
