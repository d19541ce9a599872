// What the pod worker is given: configurations, volumes and control groups, put together for one node.

import { mkdir, readdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import type { KubeObject } from '@brume/api/object'
import { delay } from '@brume/client/backoff'
import type { Informer } from '@brume/client/informer'
import { PodCgroups } from '../containers/cgroups.ts'
import { containerConfigOf } from '../containers/container.ts'
import { podDns } from '../containers/dns.ts'
import { environmentOf } from '../containers/env.ts'
import { loadEnvObjects } from '../containers/env-objects.ts'
import type { Hierarchy } from '../containers/hierarchies.ts'
import { containerLogPath, podLogDir } from '../containers/names.ts'
import { cpuShares } from '../containers/resources.ts'
import { runtimeHandlerOf } from '../containers/runtime-class.ts'
import { sandboxConfigOf } from '../containers/sandbox.ts'
import { writeSandboxProfile } from '../containers/sandbox-profile.ts'
import type { NodeSettings } from '../containers/settings.ts'
import { type NodeContext, type ObjectSource, type Pod, PodProblem, type PodVolumes } from '../contract.ts'
import type { ContainerConfigRequest } from '../pods/operations/start-container.ts'
import type { RuntimeViews } from '../pods/runtime-view.ts'

const CONFIG_SOURCE = 'kubernetes.io/config.source'
const SERVICES_LIMIT_MS = 10_000

export interface PodPartsOptions {
  context: NodeContext
  settings: NodeSettings
  hierarchies: readonly Hierarchy[]
  volumes: PodVolumes
  objects: ObjectSource
  services: Informer<KubeObject>
  /** Resolves when what filters the pod's network is in place. Throws PodProblem. */
  enforced(uid: string, podIps: readonly string[]): Promise<void>
  /** Keeps every pod to its own addresses. Throws PodProblem. */
  bindPods(): Promise<void>
  /** Containers of a pod, for those that join another's namespaces. */
  views(): RuntimeViews
  /** What this machine runs containers with. */
  runtimeHandlers: readonly string[]
}

export type PodParts = ReturnType<typeof podParts>

export function podParts({
  context,
  settings,
  hierarchies,
  volumes,
  objects,
  services,
  enforced,
  bindPods,
  views,
  runtimeHandlers,
}: PodPartsOptions) {
  const { dirs, clock } = context
  const cgroups = new PodCgroups({ hierarchies, root: settings.cgroups.root, clock })
  /** Pods that have anything on this machine. */
  const made = new Set<string>()
  /** Those whose group this agent has made or found; one before it may have ended in the middle. */
  const prepared = new Set<string>()
  const prepare = async (pod: Pod) => {
    made.add(pod.metadata.uid ?? '')
    await Promise.all([
      cgroups.ensure(pod),
      mkdir(podLogDir(settings.logsDir, pod), { recursive: true, mode: 0o755 }),
    ])
    prepared.add(pod.metadata.uid ?? '')
  }
  /** A container that was started without the variables of Services never gets them. Static pods need no API server. */
  const knowServices = async (pod: Pod) => {
    if (services.hasSynced || isFromFile(pod)) return
    await Promise.race([services.synced(), delay(clock, SERVICES_LIMIT_MS)])
    if (services.hasSynced) return
    throw new PodProblem(
      'CreateContainerConfigError',
      'services have not yet been read at least once, cannot construct envvars',
    )
  }
  return {
    volumes,
    cgroups,
    /** After a restart: what earlier agents left. */
    async recall(): Promise<void> {
      writeSandboxProfile(settings)
      // Pods weigh what the machine has, against everything else that runs on it: as with the kubelet.
      await cgroups.ensureRoot({ cpuShares: cpuShares(availableParallelism() * 1000) })
      for (const uid of [...(await volumes.known()), ...(await cgroups.known())]) made.add(uid)
    },
    leftoverUids: (): Iterable<string> => made,
    leftovers: async (uid: string) => made.has(uid),
    prepare,
    async cleanUp(uid: string): Promise<void> {
      await volumes.remove(uid)
      await cgroups.remove(uid)
      made.delete(uid)
      prepared.delete(uid)
    },
    async forgotten(uid: string): Promise<void> {
      objects.unregister(uid)
      const names = await readdir(dirs.logs).catch(() => [])
      const own = names.filter((name) => name.endsWith(`_${uid}`))
      await Promise.all(own.map((name) => rm(join(dirs.logs, name), { recursive: true, force: true })))
    },
    runtimeHandler: (pod: Pod) =>
      runtimeHandlerOf(pod, {
        nodeName: context.nodeName,
        client: context.client,
        handlers: runtimeHandlers,
      }),
    async sandboxConfig(pod: Pod, attempt: number) {
      for (const { reason, message } of podDns(pod, settings).warnings) {
        // A node without a DNS server for the cloud's names is so for all of its pods: no news about this one.
        if (reason !== 'MissingClusterDNS') context.event(pod, { type: 'Warning', reason, message })
      }
      return sandboxConfigOf(pod, attempt, settings)
    },
    async guarded(pod: Pod, podIps: readonly string[]): Promise<void> {
      // One from a file may be what the API server itself needs.
      const filtered = isFromFile(pod) ? undefined : enforced(pod.metadata.uid ?? '', podIps)
      await Promise.all([bindPods(), filtered])
    },
    async containerConfig(request: ContainerConfigRequest) {
      const { pod, spec, attempt, imageRef, imageUser, podIps } = request
      const uid = pod.metadata.uid ?? ''
      await knowServices(pod)
      if (!prepared.has(uid)) await prepare(pod)
      const variables = await loadEnvObjects(objects, pod, spec)
      await mkdir(dirname(join(podLogDir(settings.logsDir, pod), containerLogPath(spec.name, attempt))), {
        recursive: true,
        mode: 0o755,
      })
      const env = environmentOf({
        pod,
        container: spec,
        podIps,
        objects: variables,
        services: services.store.list(),
        settings,
      })
      const [mounts, devices] = await Promise.all([
        volumes.mountsOf({ pod, container: spec, attempt, podIps, env }),
        volumes.devicesOf(pod, spec),
      ])
      const target = spec['targetContainerName']
      const targets = target === undefined ? [] : (await views().of(uid)).containers
      const found = targets.find(({ name, state }) => name === target && state === 'running')
      if (target !== undefined && found === undefined) {
        throw new PodProblem(
          'CreateContainerConfigError',
          `unable to find target container ${JSON.stringify(target)}`,
        )
      }
      return containerConfigOf({
        pod,
        container: spec,
        attempt,
        imageRef,
        imageUser,
        env,
        mounts,
        devices,
        settings,
        ...(found === undefined ? {} : { targetContainerId: found.id }),
      })
    },
  }
}

function isFromFile({ metadata }: Pod): boolean {
  return metadata.annotations?.[CONFIG_SOURCE] === 'file'
}
