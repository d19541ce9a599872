// Which dead containers and sandboxes go: of each container one is kept, for `kubectl logs --previous`; of a pod that is
// gone nothing is. decide is pure.

import { CONTAINER_NAME, POD_UID } from '../containers/names.ts'
import type { NodeContext } from '../contract.ts'
import type { Container, Sandbox } from '../cri/cri.ts'
import { CONTAINER_RUNNING, SANDBOX_READY } from '../cri/enums.ts'
import { removeContainer } from '../logs/remove-container.ts'

export interface ObservedContainers {
  containers: readonly Container[]
  sandboxes: readonly Sandbox[]
  /** Pods that are still to be served; everything of others goes. */
  isKnown(podUid: string): boolean
}

export interface ContainerGcPlan {
  containers: string[]
  sandboxes: string[]
}

/** Dead containers that are kept of each container of a pod. */
const KEPT_DEAD = 1
/** A pod that is just being made may not be known to everyone yet. */
const MIN_AGE_MS = 60_000
const NS_PER_MS = 1_000_000

export function decideContainerGc(observed: ObservedContainers, now: number): ContainerGcPlan {
  const isOld = ({ createdAt = 0 }: { createdAt?: number }) => now - createdAt / NS_PER_MS >= MIN_AGE_MS
  const containers = doomedContainers(observed, isOld)
  const doomed = new Set(containers)
  const occupied = new Set(
    observed.containers.filter(({ id = '' }) => !doomed.has(id)).map(({ podSandboxId }) => podSandboxId),
  )
  const sandboxes = [...grouped(observed.sandboxes, ({ labels }) => labels?.[POD_UID] ?? '')].flatMap(
    ([uid, all]) => {
      const newestFirst = all.toSorted((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0))
      const candidates = observed.isKnown(uid) ? newestFirst.slice(1) : newestFirst
      return candidates.filter(
        (sandbox) =>
          (sandbox.state ?? SANDBOX_READY) !== SANDBOX_READY && !occupied.has(sandbox.id) && isOld(sandbox),
      )
    },
  )
  return { containers, sandboxes: sandboxes.map(({ id = '' }) => id) }
}

function doomedContainers(
  { containers, isKnown }: ObservedContainers,
  isOld: (of: Container) => boolean,
): string[] {
  const keyOf = ({ labels, metadata }: Container) =>
    `${labels?.[POD_UID] ?? ''}/${labels?.[CONTAINER_NAME] ?? metadata?.name ?? ''}`
  return [...grouped(containers, keyOf).values()].flatMap((all) => {
    // The newest is what the pod's status tells of; one more dead one is for --previous.
    const newestFirst = all.toSorted((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0))
    const kept = isKnown(newestFirst[0]?.labels?.[POD_UID] ?? '') ? 1 + KEPT_DEAD : 0
    return newestFirst
      .slice(kept)
      .filter((container) => container.state !== CONTAINER_RUNNING && isOld(container))
      .map(({ id = '' }) => id)
  })
}

/** Removes what is due. What cannot be removed now is tried again next time. */
export async function collectContainers(
  { cri, clock, logger }: Pick<NodeContext, 'cri' | 'clock' | 'logger'>,
  isKnown: (podUid: string) => boolean,
): Promise<ContainerGcPlan> {
  const [containers, sandboxes] = await Promise.all([cri.listContainers(), cri.listPodSandboxes()])
  const plan = decideContainerGc({ containers, sandboxes, isKnown }, clock.now())
  const attempt = async (what: string, id: string, remove: () => Promise<unknown>) => {
    try {
      await remove()
    } catch (error) {
      logger.warn(`a dead ${what} could not be removed`, { id, error: String(error) })
    }
  }
  for (const id of plan.containers) await attempt('container', id, () => removeContainer(cri, id))
  for (const id of plan.sandboxes) {
    await attempt('sandbox', id, async () => {
      await cri.stopPodSandbox(id)
      await cri.removePodSandbox(id)
    })
  }
  return plan
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
