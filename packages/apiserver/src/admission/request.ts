// Short questions about an admission request, and the refusal that plugins throw.

import type { KubeObject } from '@brume/api/object'
import { forbidden, type StatusError } from '@brume/base/errors'
import type { AdmissionRequest } from './types.ts'

export const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'

// biome-ignore lint/suspicious/noExplicitAny: fields of objects that their schema has checked
export type Json = any

/** `pods "web-1" is forbidden: WHY`; a name that is not known yet is the generateName or `Unknown`. */
export function forbid(request: AdmissionRequest, why: string): StatusError {
  const { group, plural } = request.resource
  const { name, generateName } = request.object?.metadata ?? {}
  return forbidden({ group, resource: plural, name: request.name || name || generateName || 'Unknown' }, why)
}

/** The main resource or, when given, one of its subresources. */
export function concerns(
  request: AdmissionRequest,
  group: string,
  plural: string,
  subresource = '',
): boolean {
  const { resource } = request
  return resource.plural === plural && resource.group === group && request.subresource === subresource
}

/** The new pod of a create. */
export function createdPod(request: AdmissionRequest): KubeObject | undefined {
  return request.operation === 'CREATE' && concerns(request, '', 'pods') ? request.object : undefined
}

export function isMirrorPod(pod: KubeObject): boolean {
  return pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined
}

/** One text as it is, several as `[a, b]`. */
export function joinReasons(reasons: readonly string[]): string {
  const unique = [...new Set(reasons)]
  return unique.length === 1 ? unique[0]! : `[${unique.join(', ')}]`
}

export const quoted = (text: string): string => JSON.stringify(text)
