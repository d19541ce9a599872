// Who events are about: the node, or a pod and in it one container.

import type { EventSubject } from '@brume/client/event-recorder'
import type { Pod } from './contract.ts'

/** With a field path as Kubernetes writes it: spec.containers{web}. */
export function containerSubject(pod: Pod, container: string): EventSubject {
  const { apiVersion, kind, metadata } = pod
  const fields = ['initContainers', 'ephemeralContainers'] as const
  const found = fields.find((field) =>
    pod['spec'][field]?.some(({ name }: { name: string }) => name === container),
  )
  return { apiVersion, kind, metadata, fieldPath: `spec.${found ?? 'containers'}{${container}}` }
}

/** Named as its uid too: that is what kubectl describe looks for. */
export function nodeSubject(nodeName: string): EventSubject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } }
}
