// The pod that a stream goes to, and the container that is meant.

import type { KubeObject } from '@brume/api/object'
import { badRequest, notFound } from '@brume/base/errors'
import { type RequestContext, targetOf } from '../../handlers/context.ts'
import { keyOf, objectOf } from '../../registry/entries.ts'

export function podOf(context: RequestContext): KubeObject {
  const { definition, info, parts } = context
  const entry = parts.store.get(keyOf(definition, info.namespace, info.name))
  if (entry === undefined) throw notFound(targetOf(context))
  return objectOf(entry)
}

/** The container that is named, or the only one. Throws BadRequest with the choice. */
export function containerOf(pod: KubeObject, asked: string): string {
  const { name } = pod.metadata
  const apps = namesOf(pod, 'containers')
  const all = [...namesOf(pod, 'initContainers'), ...apps, ...namesOf(pod, 'ephemeralContainers')]
  if (asked !== '') {
    if (all.includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  if (apps.length === 1) return apps[0]!
  const choice = apps.length === 0 ? '' : `, choose one of: [${all.join(' ')}]`
  throw badRequest(`a container name must be specified for pod ${name}${choice}`)
}

/** Throws BadRequest for a pod that has none yet. */
export function hostOf(pod: KubeObject): string {
  const nodeName: string = pod['spec']?.nodeName ?? ''
  if (nodeName === '') throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  return nodeName
}

function namesOf(pod: KubeObject, field: string): string[] {
  const containers: { name: string }[] = pod['spec']?.[field] ?? []
  return containers.map(({ name }) => name)
}

/** Path segments come from names that were validated, and a port or container of the query: encode them anyhow. */
export function agentPath(segments: readonly string[], query: URLSearchParams): string {
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}
