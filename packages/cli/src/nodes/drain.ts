// Empties a node: evicts what is to go, asks again what a disruption budget holds back, and waits until it is gone.

import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { DAEMON_SETS, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type DrainOptions, type DrainPlan, drainPlan, podName } from './drain-plan.ts'
import { evict } from './evict.ts'

export interface Drain {
  nodeName: string
  goes: readonly KubeObject[]
  graceSeconds: number | undefined
  limitMs: number
  clock: Clock
  onProgress(line: string): void
}

/** A pod that is still there when the limit is over. */
export interface Remaining {
  pod: KubeObject
  why: string
  /** A disruption budget holds it. */
  budget: boolean
}

const LOOK_EVERY_MS = 500
/** Evictions that are asked for at once. */
const AT_ONCE = 10

export async function planDrain(client: Client, nodeName: string, options: DrainOptions): Promise<DrainPlan> {
  const [pods, daemonSets] = await Promise.all([
    podsOn(client, nodeName),
    client.resource(DAEMON_SETS).listAll(),
  ])
  return drainPlan(pods, new Set(daemonSets.items.map(podName)), options)
}

/** Empty when all of them are gone. */
export async function drain(client: Client, options: Drain): Promise<Remaining[]> {
  const { nodeName, goes, graceSeconds, clock, onProgress } = options
  const limit = clock.now() + options.limitMs
  const waiting = new Map<string, Remaining>(
    goes.map((pod) => [pod.metadata.uid!, { pod, why: 'it was not asked yet', budget: false }]),
  )
  const leaving = new Set<string>()
  const say = (remaining: Remaining, why: string, budget: boolean) => {
    if (remaining.why !== why) onProgress(`${podName(remaining.pod)} ${budget ? `waits: ${why}` : why}`)
    Object.assign(remaining, { why, budget })
  }
  const ask = async (remaining: Remaining) => {
    const answer = await evict(client, remaining.pod, graceSeconds)
    if (answer.type === 'gone') return
    if (answer.type === 'later') return say(remaining, answer.why, answer.budget)
    leaving.add(remaining.pod.metadata.uid!)
    say(remaining, 'ends', false)
  }
  for (;;) {
    const there = new Set((await podsOn(client, nodeName)).map(({ metadata }) => metadata.uid!))
    for (const [uid, { pod }] of waiting) {
      if (there.has(uid)) continue
      waiting.delete(uid)
      onProgress(`${podName(pod)} is gone (${goes.length - waiting.size} of ${goes.length})`)
    }
    if (waiting.size === 0) return []
    if (clock.now() >= limit) return [...waiting.values()]
    const unasked = [...waiting.values()].filter(({ pod }) => !leaving.has(pod.metadata.uid!))
    for (let i = 0; i < unasked.length; i += AT_ONCE)
      await Promise.all(unasked.slice(i, i + AT_ONCE).map(ask))
    await sleep(LOOK_EVERY_MS)
  }
}

async function podsOn(client: Client, nodeName: string): Promise<KubeObject[]> {
  return (await client.resource(PODS).listAll({ fieldSelector: `spec.nodeName=${nodeName}` })).items
}
