// May this agent serve the node, going by the node's lease? Pure. Whoever is restarted goes on at once; a stranger first
// looks on for longer than an agent that lives would stay silent.

import type { KubeObject } from '@brume/api/object'
import { type AgentIdentity, parseIdentity } from './agent-identity.ts'

export const AGENT_ANNOTATION = 'brume.dev/agent'
export const LEASE_SECONDS = 40
export const RENEW_EVERY_MS = 10_000
/** Two renewals and a half. */
export const WATCH_OTHER_MS = 25_000

export interface ObservedLease {
  lease: KubeObject | undefined
  /** How long we have seen this very revision of it, by our own timers. */
  unchangedMs: number
  /** It changed while we looked. */
  hasChanged: boolean
}

export type Claim =
  | { type: 'take' }
  | { type: 'wait'; ms: number }
  | { type: 'refused'; holder: AgentIdentity | undefined }

export function decideClaim(
  { lease, unchangedMs, hasChanged }: ObservedLease,
  me: AgentIdentity,
  { now, isAlive }: { now: number; isAlive: (identity: AgentIdentity) => boolean },
): Claim {
  if (lease === undefined || lease['spec']?.renewTime === undefined) return { type: 'take' }
  const holder = parseIdentity(lease.metadata.annotations?.[AGENT_ANNOTATION])
  if (holder !== undefined && holder.instance === me.instance) {
    if (holder.bootId === me.bootId) {
      const isOther = holder.pid !== me.pid || holder.startTicks !== me.startTicks
      return isOther && isAlive(holder) ? { type: 'refused', holder } : { type: 'take' }
    }
    // The machine was booted anew, or this is a copy of its disk beside it: the lease's age tells which.
    const ageMs = now - Date.parse(lease['spec'].renewTime)
    if (ageMs >= WATCH_OTHER_MS) return { type: 'take' }
  }
  if (hasChanged) return { type: 'refused', holder }
  if (unchangedMs >= WATCH_OTHER_MS) return { type: 'take' }
  return { type: 'wait', ms: WATCH_OTHER_MS - unchangedMs }
}

/** For the one who is refused. */
export function refusal(nodeName: string, holder: AgentIdentity | undefined, me: AgentIdentity): string {
  const who =
    holder === undefined
      ? 'another kubelet or agent'
      : holder.bootId === me.bootId && holder.bootId !== ''
        ? `another agent on this machine (process ${holder.pid})`
        : `another agent (${holder.instance})`
  return (
    `node "${nodeName}" is served by ${who}, and two cannot share one name. ` +
    `Stop the other one, or start this one with a name of its own (--node-name NAME). ` +
    `If the other one is gone for good: kubectl delete lease -n kube-node-lease ${nodeName}`
  )
}
