// The cluster as the scheduler sees it, read once through the API, so that its decisions can be made again and explained.

import type { KubeObject } from '@brume/api/object'
import {
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  STORAGE_CLASSES,
} from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { keyOf } from '@brume/client/resource-ref'
import { Snapshot } from '@brume/scheduler/snapshot'
import { NO_VOLUMES } from '@brume/scheduler/volumes'

/** Every pod counts where it is, but the one that is asked about. */
export async function clusterWithout(client: Client, uid: string): Promise<Snapshot> {
  const refs = [NODES, PODS, NAMESPACES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES]
  const lists = await Promise.all(refs.map((ref) => client.resource(ref).listAll()))
  const [nodes, pods, namespaces, claims, volumes, classes] = lists.map(
    ({ items }) => new Map(items.map((object) => [keyOf(object), object])),
  ) as Map<string, KubeObject>[]
  const snapshot = new Snapshot({
    namespaceLabels: (name) => namespaces!.get(name)?.metadata.labels,
    volumes: {
      ...NO_VOLUMES,
      claim: (namespace, name) => claims!.get(`${namespace}/${name}`),
      volume: (name) => volumes!.get(name),
      storageClass: (name) => classes!.get(name),
      volumes: () => volumes!.values(),
    },
  })
  for (const node of nodes!.values()) snapshot.putNode(node)
  for (const pod of pods!.values()) {
    const phase = pod['status']?.phase
    if (pod.metadata.uid === uid || !pod['spec'].nodeName || phase === 'Succeeded' || phase === 'Failed')
      continue
    snapshot.putPod(pod, pod['spec'].nodeName)
  }
  return snapshot
}
