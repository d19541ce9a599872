// What makes this node's pods run: their volumes, probes, images, hooks and host ports around one worker.

import type { KubeObject } from '@brume/api/object'
import { PodAdmission } from '../admission/admission.ts'
import type { Hierarchy } from '../containers/hierarchies.ts'
import type { NodeSettings } from '../containers/settings.ts'
import type { NodeContext } from '../contract.ts'
import { lifecycleHooks } from '../hooks/hooks.ts'
import { imagePuller } from '../images/puller.ts'
import type { PodNetwork } from '../network/network.ts'
import { type PodWorker, podWorker } from '../pods/worker.ts'
import { type NodeProbes, nodeProbes } from '../probes/probes.ts'
import { WatchedObjects } from '../volumes/object-source.ts'
import { NodeVolumes } from '../volumes/pod-volumes.ts'
import { HostPorts } from './host-ports.ts'
import type { Networking } from './networking.ts'
import { podParts } from './pod-parts.ts'
import { refreshVolumes } from './volume-refresh.ts'
import type { Watched } from './watched.ts'

export interface PodServingOptions {
  context: NodeContext
  watched: Watched
  settings: NodeSettings
  hierarchies: readonly Hierarchy[]
  /** What this machine runs containers with. */
  runtimeHandlers: readonly string[]
  network: PodNetwork
  networking: Networking
  /** TCP ports at which this node itself is reached. */
  ownPorts(): readonly number[]
  /** This node, once it is registered. */
  node(): KubeObject | undefined
  /** The node has other images than before. */
  onImages(): void
}

export interface PodServing {
  worker: PodWorker
  probes: NodeProbes
  /** Volumes stay as they are. */
  stopRefreshing(): void
  /** After the worker has stopped. */
  stop(): Promise<void>
}

/** Recalls what earlier agents left. Nothing is done to pods before the worker's controller runs. */
export async function servePods(options: PodServingOptions): Promise<PodServing> {
  const { context, watched, settings, network, networking, ownPorts, node } = options
  const { pods, services } = watched
  const { logger } = context
  const objects = new WatchedObjects(context)
  const volumes = new NodeVolumes({ context, settings, objects })
  const parts = podParts({
    context,
    settings,
    hierarchies: options.hierarchies,
    volumes,
    objects,
    services,
    enforced: networking.enforced,
    bindPods: () => network.bindPods(),
    views: () => worker.views,
    runtimeHandlers: options.runtimeHandlers,
  })
  await parts.recall()
  const hostPorts = new HostPorts({
    set: (ports) => network.setHostPorts(ports),
    ownPorts,
    onRefused: (pod, message) =>
      context.event(pod, { type: 'Warning', reason: 'HostPortNotServed', message }),
  })
  const probes = nodeProbes(context, { onResult: (uid) => worker.wake(uid) })
  const admission = new PodAdmission({ pods: () => pods.all(), node })
  const worker = podWorker({
    context,
    pods,
    objects,
    probes,
    hostIps: () => settings.hostIps,
    refusalOf: (pod) => admission.refusalOf(pod),
    leftoverUids: parts.leftoverUids,
    settled: ({ uid, pod, sandboxes }) => {
      const ready = sandboxes[0]?.ready === true ? sandboxes[0].ips : []
      hostPorts
        .update(uid, pod, ready)
        .catch((error) => logger.warn('host ports could not be set', { error: String(error) }))
    },
    act: {
      ...parts,
      images: imagePuller(context, { objects, onPulled: options.onImages }),
      hooks: lifecycleHooks(context),
    },
  })
  return {
    worker,
    probes,
    stopRefreshing: refreshVolumes({ volumes, objects, pods, logger }),
    async stop() {
      probes.stop()
      await objects.stop()
    },
  }
}
