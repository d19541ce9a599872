// Who an event about one container is about: its pod, and in it the container.

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
