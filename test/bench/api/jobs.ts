// What a load process can be asked to do, and what it answers: plain data, sent over the child's message channel.

import type { Auth } from './connection.ts'

export interface Where {
  url: string
  auth: Auth
}

/** Closed loop: each writer sends its next request when the last one was answered. */
export interface RequestsJob extends Where {
  method: string
  /** Filled in for every request as objects.ts says; `{n}` counts up from `from`. */
  path: string
  body?: string
  headers?: Record<string, string>
  from: number
  writers: number
  connections: number
  durationMs: number
  /** Ends earlier, after so many. */
  count?: number
  /** Open loop instead: so many a second, whether answered or not. */
  perSecond?: number
}

export interface RequestsResult {
  sent: number
  failed: number
  /** The first status other than 2xx. */
  failure: string
  seconds: number
  bytes: number
  p50Ms: number
  p99Ms: number
  firstByteP50Ms: number
}

/** Opens watches; they stay until `unwatch`. */
export interface WatchJob extends Where {
  path: string
  watchers: number
  connections: number
}

/** What has arrived since the last look. */
export interface WatchedResult {
  deliveries: number
  bytes: number
  p50Ms: number
  p99Ms: number
  /** Watches that ended by themselves. */
  ended: number
  /** Of the first that ended. */
  why: string
}

export interface Jobs {
  requests(job: RequestsJob): Promise<RequestsResult>
  watch(job: WatchJob): Promise<void>
  watched(): Promise<WatchedResult>
  unwatch(): Promise<void>
}

/** Precedes the time of sending in the body of a watched object: `"sentAt":"` and 16 digits of microseconds. */
export const SENT_AT = '"sentAt":"'
export const SENT_AT_DIGITS = 16

/** Microseconds since the epoch, equal for all processes of a machine. */
export const nowMicros = () => Math.round((performance.timeOrigin + performance.now()) * 1000)
