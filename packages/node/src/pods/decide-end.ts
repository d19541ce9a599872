// How a pod ends: containers stop (sidecars after the others, last one first), the sandbox stops, the last status is
// written, volumes and cgroup go, and a deleted pod's object is removed. Pure.

import type { Pod } from '../contract.ts'
import type { PodAction } from './actions.ts'
import type { PodPlan } from './decide.ts'
import { dueOf } from './due.ts'
import {
  type ContainerRecord,
  containersOf,
  isAlive,
  isStarting,
  isTerminal,
  type Observed,
  stoppingWith,
} from './records.ts'
import { probesOf } from './running.ts'
import { statusOf } from './status.ts'
import { statusPatch } from './status-patch.ts'

/** Of pods that the API does not know any more: their own grace period is over. */
const GONE_GRACE_SECONDS = 2
/** No grace is shorter, whatever was asked for. Source: Kubernetes. */
const LEAST_GRACE_SECONDS = 1

/** `deleted`: its object goes as well. `ended`: it has run to its end, or must; its logs stay. */
export function decideEnd(observed: Observed, pod: Pod, now: number, how: 'deleted' | 'ended'): PodPlan {
  const { uid, memory, sandboxes, containers, leftovers } = observed
  const written = lastStatus(observed, pod, now)
  const starting = isStarting(memory)
  // Whoever waits for an image notices that he is not wanted any more, and wakes the worker when he has.
  const cancel: PodAction[] = starting ? [{ type: 'cancel', uid }] : []
  const alive = containers.filter(isAlive)
  if (alive.length > 0) {
    const plan = dueOf(observed, now, stops(observed, pod, alive, now))
    return { ...plan, actions: [...cancel, ...plan.actions, ...written, probesOf(observed, pod)] }
  }
  if (starting) return { actions: [...cancel, ...written] }
  // A start that somebody asked for may still be under way: what is removed does not start any more.
  const made = containers.filter(({ state }) => state === 'created')
  if (made.length > 0) return { actions: [...removals(made), ...written], requeueAfterMs: 0 }
  if (sandboxes.some(({ ready }) => ready)) {
    const plan = dueOf(observed, now, stopSandboxes(observed))
    return { ...plan, actions: [probesOf(observed, pod), ...plan.actions, ...written] }
  }
  // The object goes only when its last status is known.
  if (written.length > 0) return { actions: written, requeueAfterMs: 0 }
  // Its logs stay until it is deleted; its volumes and its cgroup do not.
  if (how === 'ended') return leftovers ? dueOf(observed, now, [{ type: 'cleanUp', uid }]) : { actions: [] }
  return remove(observed, now) ?? { actions: [{ type: 'deletePod', pod }] }
}

/** The object is gone: what is left of the pod goes at once. */
export function decideGone(observed: Observed, now: number): PodPlan {
  const { uid, memory, containers, sandboxes } = observed
  const starting = isStarting(memory)
  const cancel: PodAction[] = starting ? [{ type: 'cancel', uid }] : []
  const alive = containers.filter(isAlive)
  if (alive.length > 0) {
    const kills = alive.map(
      ({ id }): PodAction => ({
        type: 'killContainer',
        uid,
        containerId: id,
        graceSeconds: GONE_GRACE_SECONDS,
      }),
    )
    const plan = dueOf(observed, now, kills)
    return { ...plan, actions: [...cancel, ...plan.actions] }
  }
  if (starting) return { actions: cancel }
  if (sandboxes.some(({ ready }) => ready)) return dueOf(observed, now, stopSandboxes(observed))
  return remove(observed, now) ?? { actions: [{ type: 'forget', uid }] }
}

/** A phase that is final is not written again: what it says was read while everything was there to be read. */
function lastStatus(observed: Observed, pod: Pod, now: number): PodAction[] {
  if (isTerminal(pod)) return []
  const status = statusOf(observed, pod, now)
  if (statusPatch(pod['status'] ?? {}, status) === undefined) return []
  return [{ type: 'writeStatus', pod, status }]
}

/** Sidecars only when nothing else runs, one after the other. */
export function stops(
  observed: Observed,
  pod: Pod,
  alive: readonly ContainerRecord[],
  now: number,
): PodAction[] {
  const { memory, sandboxes, hostIps } = observed
  const podIp = sandboxes[0]?.ips[0] ?? hostIps[0] ?? ''
  const entries = new Map(containersOf(pod).map((entry) => [entry.spec.name, entry]))
  const others = alive.filter(({ name }) => entries.get(name)?.sidecar !== true)
  const grace = graceSeconds(observed, pod)
  const left = others.length > 0 ? grace : leftSeconds(pod, grace, now)
  return (others.length > 0 ? others : lastSidecar(pod, alive)).flatMap((container) => {
    const already = stoppingWith(memory, container.id)
    if (already !== undefined && already <= grace) return []
    const shorter = already !== undefined
    return {
      type: 'stopContainer',
      pod,
      container,
      // The hook runs already, or has run.
      spec: shorter ? undefined : entries.get(container.name)?.spec,
      graceSeconds: grace,
      leftSeconds: left,
      replace: false,
      message: shorter ? undefined : `Stopping container ${container.name}`,
      podIp,
    }
  })
}

function lastSidecar(pod: Pod, alive: readonly ContainerRecord[]): ContainerRecord[] {
  const order = containersOf(pod).map(({ spec }) => spec.name)
  const last = [...alive].sort((a, b) => order.indexOf(b.name) - order.indexOf(a.name))[0]
  return last === undefined ? [] : [last]
}

function graceSeconds({ memory }: Observed, pod: Pod): number {
  const own = pod.metadata.deletionGracePeriodSeconds ?? pod['spec'].terminationGracePeriodSeconds ?? 30
  return Math.max(LEAST_GRACE_SECONDS, Math.min(own, memory.verdict?.graceSeconds ?? own))
}

/** Of sidecars, whose turn came when the others had ended: all share one grace period. */
function leftSeconds(pod: Pod, grace: number, now: number): number {
  const { deletionTimestamp } = pod.metadata
  if (deletionTimestamp === undefined) return grace
  const left = Math.ceil((Date.parse(deletionTimestamp) - now) / 1000)
  return Math.max(LEAST_GRACE_SECONDS, Math.min(grace, left))
}

function stopSandboxes({ uid, sandboxes }: Observed): PodAction[] {
  return sandboxes.filter(({ ready }) => ready).map(({ id }) => ({ type: 'stopSandbox', uid, sandboxId: id }))
}

/** Containers, then sandboxes, then directories: each only when what stands on it is gone. */
function remove(observed: Observed, now: number): PodPlan | undefined {
  const { uid, containers, sandboxes, leftovers } = observed
  if (containers.length > 0) return { actions: removals(containers), requeueAfterMs: 0 }
  if (sandboxes.length > 0) {
    return {
      actions: sandboxes.map(({ id }) => ({ type: 'removeSandbox', uid, sandboxId: id })),
      requeueAfterMs: 0,
    }
  }
  return leftovers ? dueOf(observed, now, [{ type: 'cleanUp', uid }]) : undefined
}

function removals(containers: readonly ContainerRecord[]): PodAction[] {
  return containers.map(({ id }) => ({ type: 'removeContainer', containerId: id }))
}
