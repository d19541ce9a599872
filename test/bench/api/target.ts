// What is measured: one running API server.

import type { Auth } from './connection.ts'

export interface Target {
  name: string
  url: string
  /** Of an administrator. */
  admin: Auth
  /** All processes that serve it, its store's too. */
  pids: readonly number[]
  /** From the start of its process until it was ready. */
  readyMs: number
  stop(): Promise<void>
}

/** The namespace that the load lives in. */
export const NAMESPACE = 'bench'
/** What is watched lives apart. */
export const WATCHED_NAMESPACE = 'bench-watched'
export const LIMITED_ACCOUNT = 'limited'
