// What a control plane stands on: the lock of its directory, keys and certificates, the store. Apart from all else and
// made of few files, so that keys are made and the store's thread starts on other cores while the rest is loaded.

import { ensurePki, type Pki } from '@brume/apiserver/auth/pki/ensure'
import { type Clock, systemClock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Faults } from '@brume/store/sqlite/faults'
import { lockStore, type SqliteStore } from '@brume/store/sqlite/open'
import type { DataDir } from './data-dir.ts'
import { openStore } from './open-store.ts'
import { type CertifiedOptions, certifiedHosts } from './own-addresses.ts'

export interface FoundationOptions extends CertifiedOptions {
  dir: DataDir
  clock?: Clock
  logger: Logger
  /** Of the store; only for tests and drills. */
  faults?: Faults | undefined
}

export interface Foundations {
  pki: Pki
  store: SqliteStore
}

/** Throws StoreError and PkiError; then nothing is open. */
export async function layFoundations(options: FoundationOptions): Promise<Foundations> {
  const { dir, logger, clock = systemClock, faults } = options
  // First of all: whoever comes second must not touch keys and certificates of the one that runs.
  const lock = lockStore(dir.store)
  const [keys, opened] = await Promise.allSettled([
    ensurePki(dir.pki, { hosts: certifiedHosts(options), clock }),
    openStore({ dir, clock, logger, lock, faults }),
  ])
  if (opened.status === 'rejected') throw opened.reason
  const store = opened.value
  if (keys.status === 'rejected') {
    await store.close()
    throw keys.reason
  }
  return { pki: keys.value, store }
}
