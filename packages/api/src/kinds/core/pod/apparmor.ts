// The AppArmor profile of a new pod, as a field and as the annotation that older nodes and tools read: each is
// filled in from the other (KEP-24).

import type { KubeObject } from '../../../object.ts'
import type { Json } from '../../../validate/json.ts'
import { APPARMOR_CONTAINER } from './annotations.ts'
import { allContainers } from './windows.ts'

/** In place, at creation. */
export function syncAppArmor(pod: KubeObject): void {
  const spec = pod['spec'] ?? {}
  if (spec.os?.name === 'windows') return
  for (const { container } of allContainers(spec, 'spec')) {
    const key = `${APPARMOR_CONTAINER}${container.name}`
    const annotation = pod.metadata.annotations?.[key]
    const field = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
    if (field && annotation === undefined) {
      const text = annotationOf(field)
      if (text !== undefined) pod.metadata.annotations = { ...pod.metadata.annotations, [key]: text }
    } else if (!field && annotation !== undefined) {
      const profile = profileOf(annotation)
      if (profile !== undefined) {
        container.securityContext = { ...container.securityContext, appArmorProfile: profile }
      }
    }
  }
}

function annotationOf(profile: Json): string | undefined {
  switch (profile.type) {
    case 'Unconfined':
      return 'unconfined'
    case 'RuntimeDefault':
      return 'runtime/default'
    case 'Localhost':
      return profile.localhostProfile ? `localhost/${profile.localhostProfile}` : undefined
    default:
      return undefined
  }
}

function profileOf(annotation: string): Json {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  const local = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : ''
  return local === '' ? undefined : { type: 'Localhost', localhostProfile: local }
}
