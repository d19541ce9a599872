// The mounts and devices of one container.

import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { type Json, listOf } from '@brume/api/validate/json'
import type { Logger } from '@brume/base/log'
import { configProblem } from '../containers/config-problem.ts'
import type { NodeSettings } from '../containers/settings.ts'
import type { ContainerSpec, MountRequest, NodeDirs } from '../contract.ts'
import type { Device, Mount } from '../cri/cri.ts'
import {
  PROPAGATION_BIDIRECTIONAL,
  PROPAGATION_HOST_TO_CONTAINER,
  PROPAGATION_PRIVATE,
} from '../cri/enums.ts'
import { ETC_HOSTS, ensureEtcHosts } from './etc-hosts.ts'
import { etcHostsPath, podDir, subPathTarget, terminationLogDir } from './paths.ts'
import type { ReadyVolume } from './ready-volume.ts'
import { bindSubPath, subPathOf } from './sub-path.ts'
import { ensureTerminationLog } from './termination-log.ts'

export interface ContainerMountsContext {
  dirs: Pick<NodeDirs, 'root' | 'pods'>
  settings: Pick<NodeSettings, 'clusterDomain'>
  logger: Logger
}

const PROPAGATION: Readonly<Record<string, number>> = {
  None: PROPAGATION_PRIVATE,
  HostToContainer: PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: PROPAGATION_BIDIRECTIONAL,
}

/** `ready`: the pod's volumes by name. Throws PodProblem. */
export async function containerMounts(
  request: MountRequest,
  ready: ReadonlyMap<string, ReadyVolume>,
  context: ContainerMountsContext,
): Promise<Mount[]> {
  const { pod, container, attempt, podIps } = request
  const { dirs, settings } = context
  const uid = pod.metadata.uid ?? ''
  const mounts: Mount[] = []
  for (const [index, mount] of listOf(container['volumeMounts']).entries()) {
    mounts.push(await mountOf(mount, index, request, ready, context))
  }
  const isTaken = mounts.some(({ containerPath }) => containerPath === ETC_HOSTS)
  if (!isTaken && (podIps.length > 0 || pod['spec'].hostNetwork === true)) {
    const path = etcHostsPath(dirs, uid)
    await ensureEtcHosts(path, { pod, podIps, clusterDomain: settings.clusterDomain })
    mounts.push({ containerPath: ETC_HOSTS, hostPath: path, readonly: false, selinuxRelabel: true })
  }
  const messagePath: string = container['terminationMessagePath'] ?? ''
  if (messagePath !== '') {
    const hostPath = await ensureTerminationLog(terminationLogDir(dirs, uid, container.name), attempt)
    mounts.push({ containerPath: messagePath, hostPath, readonly: false, selinuxRelabel: true })
  }
  return mounts
}

export function containerDevices(
  container: ContainerSpec,
  ready: ReadonlyMap<string, ReadyVolume>,
): Device[] {
  return listOf(container['volumeDevices']).map(({ name, devicePath }) => {
    const volume = ready.get(name)
    if (volume?.block !== true) {
      throw configProblem(`cannot find volume "${name}" to pass into container "${container.name}"`)
    }
    return { hostPath: volume.path, containerPath: devicePath, permissions: volume.readOnly ? 'r' : 'mrw' }
  })
}

async function mountOf(
  mount: Json,
  index: number,
  { pod, container, env }: MountRequest,
  ready: ReadonlyMap<string, ReadyVolume>,
  { dirs, logger }: ContainerMountsContext,
): Promise<Mount> {
  const { name, mountPath, mountPropagation = 'None', readOnly, recursiveReadOnly } = mount
  const volume = ready.get(name)
  if (volume === undefined || volume.block) {
    throw configProblem(`cannot find volume "${name}" to mount into container "${container.name}"`)
  }
  if (recursiveReadOnly === 'Enabled') {
    throw configProblem(
      `failed to resolve recursive read-only mode: volume "${name}" requested recursive read-only mode, but it is not supported by the runtime`,
    )
  }
  const subPath = subPathOf(mount, env)
  let hostPath = volume.path
  if (subPath !== '') {
    const uid = pod.metadata.uid ?? ''
    const wanted = subPathTarget(dirs, { uid, volume: name, container: container.name, index })
    const target = join(await realpath(podDir(dirs, uid)), wanted.slice(podDir(dirs, uid).length))
    await bindSubPath({ root: volume.path, subPath, target, volume: name, container: container.name, logger })
    hostPath = target
  }
  return {
    containerPath: mountPath.startsWith('/') ? mountPath : `/${mountPath}`,
    hostPath,
    readonly: readOnly === true || volume.readOnly,
    selinuxRelabel: isOwn(hostPath, dirs),
    propagation: PROPAGATION[mountPropagation] ?? PROPAGATION_PRIVATE,
  }
}

/** What is not the node's but the agent's own gets the label of containers, where the kernel has labels. */
function isOwn(path: string, { root, pods }: Pick<NodeDirs, 'root' | 'pods'>): boolean {
  return path.startsWith(`${pods}/`) || path.startsWith(`${root}/`)
}
