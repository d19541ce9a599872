// What the agent watches of its own: its pods, its Node, and all Services, which containers are told of.

import type { KubeObject } from '@brume/api/object'
import { NODES, PODS, SERVICES } from '@brume/client/builtin'
import type { Informer } from '@brume/client/informer'
import type { NodeContext } from '../contract.ts'
import { PodSource } from '../pods/pod-source.ts'
import { nodeInformer } from './informer.ts'

export interface Watched {
  pods: PodSource
  podInformer: Informer<KubeObject>
  services: Informer<KubeObject>
  /** Of this node alone. */
  nodes: Informer<KubeObject>
  start(): void
  stop(): Promise<void>
}

/** Nothing is asked of the API server before `start`. */
export function watchedBy(context: NodeContext): Watched {
  const informer = nodeInformer(context)
  const podInformer = informer(PODS, `spec.nodeName=${context.nodeName}`)
  const services = informer(SERVICES)
  const nodes = informer(NODES, `metadata.name=${context.nodeName}`)
  const all = [services, nodes, podInformer]
  return {
    pods: new PodSource(podInformer),
    podInformer,
    services,
    nodes,
    start() {
      for (const one of all) one.start()
    },
    async stop() {
      await Promise.all(all.map((one) => one.stop()))
    },
  }
}
