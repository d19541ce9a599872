// When a CA advises to renew a certificate (RFC 9773, ARI): it may want it sooner than usual, when it has to revoke many.

import { createHash } from 'node:crypto'
import type { Clock } from '@brume/base/clock'
import { AcmeError, printable } from './error.ts'
import { type AcmeSession, jsonOf, retryAfter } from './session.ts'

export interface Advice {
  /** Of which certificate. */
  id: string
  /** Milliseconds since the epoch; undefined: the CA does not say. */
  renewAt: number | undefined
  /** A page for people that says why; '': none. */
  why: string
  askAgainAt: number
}

/** RFC 9773 section 4.3: as the CA asks for, within these. */
const MIN_AGAIN_MS = 60_000
const MAX_AGAIN_MS = 24 * 3600_000
/** Where it does not say, or cannot be asked. */
const AGAIN_MS = 6 * 3600_000

/** Never throws an AcmeError: without advice it goes on as without a CA that gives any. */
export async function adviceOf(session: AcmeSession, id: string, clock: Clock): Promise<Advice> {
  const none = { id, renewAt: undefined, why: '' }
  try {
    const url = await session.renewalInfo()
    if (url === undefined) return { ...none, askAgainAt: clock.now() + MAX_AGAIN_MS }
    const answer = await session.read(`${url}/${id}`)
    const { suggestedWindow, explanationURL } = jsonOf(answer)
    const [start, end] = [suggestedWindow?.start, suggestedWindow?.end].map((text) =>
      Date.parse(String(text)),
    )
    const again = retryAfter(answer, clock.now()) ?? AGAIN_MS
    return {
      id,
      renewAt: start! <= end! ? start! + partOf(id) * (end! - start!) : undefined,
      why: pageIn(explanationURL),
      askAgainAt: clock.now() + Math.min(Math.max(again, MIN_AGAIN_MS), MAX_AGAIN_MS),
    }
  } catch (error) {
    if (!(error instanceof AcmeError)) throw error
    const again = Math.min(Math.max(error.retryAfterMs ?? AGAIN_MS, MIN_AGAIN_MS), MAX_AGAIN_MS)
    return { ...none, askAgainAt: clock.now() + again }
  }
}

/** Where in the window: any place for many certificates, and the same one whenever it is asked. */
function partOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32
}

function pageIn(url: unknown): string {
  const text = printable(String(url ?? ''))
  return URL.canParse(text) && /^https?:/.test(text) ? text : ''
}
