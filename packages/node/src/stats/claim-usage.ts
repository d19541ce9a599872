// How full the claims of pods are: the file systems that their containers have mounted for them, as the runtime knows
// them. Mounts of a container never change, so each is asked about once.

import type { ContainerSpec, NodeContext, Pod } from '../contract.ts'
import { type FsUsage, readFsUsage } from './node-usage.ts'

export interface ClaimUsage {
  /** The volume's name in the pod. */
  volume: string
  claim: string
  fs: FsUsage
}

export interface ClaimUsages {
  /** `containerId` by container name: those that run. */
  of(pod: Pod, containerIds: ReadonlyMap<string, string>): Promise<ClaimUsage[]>
  /** Containers that run no more. */
  forgetOthers(containerIds: ReadonlySet<string>): void
}

export function claimUsages({ cri }: Pick<NodeContext, 'cri'>): ClaimUsages {
  /** Host paths by path in the container, by container id. */
  const mounts = new Map<string, ReadonlyMap<string, string>>()
  const mountsOf = async (id: string) => {
    const known = mounts.get(id)
    if (known !== undefined) return known
    const status = await cri.containerStatus(id)
    const found = new Map(
      (status.mounts ?? []).map(({ containerPath = '', hostPath = '' }) => [containerPath, hostPath]),
    )
    mounts.set(id, found)
    return found
  }
  return {
    async of(pod, containerIds) {
      const usage: ClaimUsage[] = []
      for (const { volume, claim } of claimsOf(pod)) {
        const path = await pathOf(pod, volume, async (container, mountPath) => {
          const id = containerIds.get(container)
          return id === undefined ? undefined : (await mountsOf(id)).get(mountPath)
        })
        // Not mounted by anybody, or gone just now: then nothing is said of it.
        const fs = path === undefined ? undefined : await readFsUsage(path).catch(() => undefined)
        if (fs !== undefined) usage.push({ volume, claim, fs })
      }
      return usage
    },
    forgetOthers(containerIds) {
      for (const id of mounts.keys()) if (!containerIds.has(id)) mounts.delete(id)
    },
  }
}

function claimsOf({ metadata, spec }: Pod): { volume: string; claim: string }[] {
  const volumes: { name: string; persistentVolumeClaim?: { claimName: string }; ephemeral?: object }[] =
    spec.volumes ?? []
  return volumes.flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [{ volume: name, claim: persistentVolumeClaim.claimName }]
    return ephemeral === undefined ? [] : [{ volume: name, claim: `${metadata.name}-${name}` }]
  })
}

/** Of the first container that has the volume mounted. */
async function pathOf(
  { spec }: Pod,
  volume: string,
  mounted: (container: string, mountPath: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  for (const container of (spec.containers ?? []) as ContainerSpec[]) {
    const all: { name: string; mountPath: string }[] = container['volumeMounts'] ?? []
    for (const { name, mountPath } of all) {
      if (name !== volume) continue
      const path = await mounted(container.name, mountPath)
      if (path !== undefined) return path
    }
  }
  return undefined
}
