// Faults on demand, for tests and drills of what the real world does rarely: slow disks, full disks, dying threads.
// The numbers are in memory shared with the writer thread, so they can change while it runs.

/** Milliseconds that each commit takes longer, before it is durable. */
export const COMMIT_DELAY_MS = 0
/** The file cannot grow past this many pages; 0: it can. */
export const MAX_PAGES = 1
/** The writer dies: 1 before the next commit, 2 after it. Reset by its death. */
export const DIE = 2

const COUNT = 3

export type Faults = Int32Array<SharedArrayBuffer>

/** No faults yet. */
export function makeFaults(): Faults {
  return new Int32Array(new SharedArrayBuffer(COUNT * Int32Array.BYTES_PER_ELEMENT))
}
