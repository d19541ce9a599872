// Says how far a long pull has come. CRI does not tell; containerd's own store shows what it is receiving just now.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '@brume/base/clock'

/** After so long each, so that a pull of an hour says little more than one of a minute. */
const TELL_AFTER_MS = [10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000]
const MAX_INGESTS = 1000

/** Bytes of blobs that containerd has received in part. `contentDir` is its io.containerd.content.v1.content. */
export async function bytesBeingReceived(contentDir: string): Promise<number> {
  let bytes = 0
  try {
    const ingests = await readdir(join(contentDir, 'ingest'))
    for (const ingest of ingests.slice(0, MAX_INGESTS)) {
      bytes += await sizeOf(join(contentDir, 'ingest', ingest, 'data'))
    }
  } catch {
    // Nothing has ever been pulled.
  }
  return bytes
}

/** Calls `tell` from time to time until it is stopped. Returns how to stop. */
export function tellProgress(
  clock: Clock,
  contentDir: string,
  tell: (seconds: number, bytes: number) => void,
): () => void {
  let timer: Timer | undefined
  let stopped = false
  const next = (at: number) => {
    const dueMs = TELL_AFTER_MS[at]
    if (dueMs === undefined || stopped) return
    timer = clock.after(dueMs - (TELL_AFTER_MS[at - 1] ?? 0), () => {
      void bytesBeingReceived(contentDir).then((bytes) => {
        if (!stopped) tell(dueMs / 1000, bytes)
        next(at + 1)
      })
    })
  }
  next(0)
  return () => {
    stopped = true
    timer?.cancel()
  }
}

/** 0 when it was finished in the meantime. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}
