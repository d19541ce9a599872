// How a pod ends: containers stop (sidecars after the others, last one first), the sandbox stops, the last status is
// written, volumes and cgroup go, and a deleted pod's object is removed. Pure.

import type { Pod } from '../contract.ts'
import type { PodAction } from './actions.ts'
import type { PodPlan } from './decide.ts'
import { quietStatus } from './quiet-status.ts'
import { type ContainerRecord, containersOf, isAlive, isTerminal, type Observed } from './records.ts'
import { statusOf } from './status.ts'

/** Of pods that the API does not know any more: their own grace period is over. */
const GONE_GRACE_SECONDS = 2

/** `deleted`: its object goes as well. `ended`: it has run to its end, or must; its logs stay. */
export function decideEnd(observed: Observed, pod: Pod, now: number, how: 'deleted' | 'ended'): PodPlan {
  const alive = observed.containers.filter(isAlive)
  const pending = [...observed.memory.running].filter(
    (operation) => operation === 'sandbox' || operation.startsWith('start:'),
  )
  const written = lastStatus(observed, pod, now)
  if (alive.length > 0) return { actions: [...stops(observed, pod, alive), ...written] }
  // Whoever waits for an image notices that he is not wanted any more; what he made meanwhile is seen then.
  if (pending.length > 0) return { actions: [{ type: 'cancel', uid: observed.uid }, ...written] }
  const ready = observed.sandboxes.filter((sandbox) => sandbox.ready)
  if (ready.length > 0) return { actions: [...stopSandboxes(observed), ...written] }
  if (how === 'ended') {
    if (written.length > 0) return { actions: written, requeueAfterMs: 0 }
    const { leftovers, memory, uid } = observed
    // Its logs stay until it is deleted; its volumes and its cgroup do not.
    return { actions: leftovers && !memory.running.has('clean') ? [{ type: 'cleanUp', uid }] : [] }
  }
  // The object goes only when its last status is known.
  if (written.length > 0) return { actions: written, requeueAfterMs: 0 }
  const removal = remove(observed)
  if (removal.length > 0) return { actions: removal, requeueAfterMs: 0 }
  return { actions: [{ type: 'deletePod', pod }] }
}

/** The object is gone: what is left of the pod goes at once. */
export function decideGone(observed: Observed): PodPlan {
  const { uid, memory, containers } = observed
  const actions: PodAction[] = containers
    .filter((container) => isAlive(container) && !memory.running.has(`kill:${container.id}`))
    .map(({ id }) => ({ type: 'killContainer', uid, containerId: id, graceSeconds: GONE_GRACE_SECONDS }))
  if (containers.some(isAlive)) return { actions: [{ type: 'cancel', uid }, ...actions] }
  if (observed.sandboxes.some(({ ready }) => ready)) return { actions: stopSandboxes(observed) }
  const removal = remove(observed)
  if (removal.length > 0) return { actions: removal, requeueAfterMs: 0 }
  return { actions: [{ type: 'forget', uid }] }
}

/** A phase that is final is not written again: what it says was read while everything was there to be read. */
function lastStatus(observed: Observed, pod: Pod, now: number): PodAction[] {
  if (isTerminal(pod)) return []
  const status = statusOf(observed, pod, now)
  return quietStatus(pod['status'] ?? {}, status) ? [] : [{ type: 'writeStatus', pod, status }]
}

function stops(observed: Observed, pod: Pod, alive: readonly ContainerRecord[]): PodAction[] {
  const { memory, sandboxes, hostIps } = observed
  const podIp = sandboxes[0]?.ips[0] ?? hostIps[0] ?? ''
  const entries = new Map(containersOf(pod).map((entry) => [entry.spec.name, entry]))
  const others = alive.filter(({ name }) => entries.get(name)?.sidecar !== true)
  return (others.length > 0 ? others : lastSidecar(pod, alive))
    .filter(({ id }) => !memory.running.has(`stop:${id}`))
    .map((container) => ({
      type: 'stopContainer',
      pod,
      container,
      spec: entries.get(container.name)?.spec,
      graceSeconds: graceSeconds(observed, pod),
      message: `Stopping container ${container.name}`,
      podIp,
    }))
}

function lastSidecar(pod: Pod, alive: readonly ContainerRecord[]): ContainerRecord[] {
  const order = containersOf(pod).map(({ spec }) => spec.name)
  const last = [...alive].sort((a, b) => order.indexOf(b.name) - order.indexOf(a.name))[0]
  return last === undefined ? [] : [last]
}

function graceSeconds({ memory }: Observed, pod: Pod): number {
  const own = pod.metadata.deletionGracePeriodSeconds ?? pod['spec'].terminationGracePeriodSeconds ?? 30
  return memory.verdict?.graceSeconds ?? own
}

function stopSandboxes({ uid, sandboxes, memory }: Observed): PodAction[] {
  return sandboxes
    .filter(({ id, ready }) => ready && !memory.running.has(`stop:${id}`))
    .map(({ id }) => ({ type: 'stopSandbox', uid, sandboxId: id }))
}

/** Containers, then sandboxes, then directories: each only when what stands on it is gone. */
function remove({ uid, containers, sandboxes, leftovers, memory }: Observed): PodAction[] {
  if (containers.length > 0) {
    return containers.map(({ id }) => ({ type: 'removeContainer', containerId: id }))
  }
  if (sandboxes.length > 0) {
    return sandboxes.map(({ id }) => ({ type: 'removeSandbox', uid, sandboxId: id }))
  }
  return leftovers && !memory.running.has('clean') ? [{ type: 'cleanUp', uid }] : []
}
