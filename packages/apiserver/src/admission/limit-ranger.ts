// LimitRanger: containers without requests and limits get the namespace's, and everyone stays within its bounds.

import type { KubeObject } from '@brume/api/object'
import { podLimits, podRequests } from '@brume/api/quota/pod-resources'
import type { ResourceList } from '@brume/api/quota/resource-list'
import type { AdmissionDeps } from './deps.ts'
import { brokenConstraints, type LimitItem } from './limit-constraints.ts'
import { concerns, createdPod, forbid, type Json, joinReasons } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

const ANNOTATION = 'kubernetes.io/limit-ranger'

export function limitRanger({ reader }: Pick<AdmissionDeps, 'reader'>): AdmissionPlugin {
  const rangesOf = (namespace: string) => reader.list('', 'limitranges', namespace)
  return {
    name: 'LimitRanger',
    mutate(request) {
      const pod = createdPod(request)
      if (pod === undefined) return
      for (const range of rangesOf(request.namespace)) setDefaults(pod, itemsOf(range))
    },
    validate(request) {
      const { operation, object } = request
      if (object === undefined) return
      const isResize = operation === 'UPDATE' && concerns(request, '', 'pods', 'resize')
      const pod = isResize ? object : createdPod(request)
      const isClaim =
        (operation === 'CREATE' || operation === 'UPDATE') && concerns(request, '', 'persistentvolumeclaims')
      if (pod === undefined && !isClaim) return
      if (operation === 'UPDATE' && object.metadata.deletionTimestamp !== undefined) return
      for (const range of rangesOf(request.namespace)) {
        const broken = itemsOf(range).flatMap((item) =>
          isClaim ? checkClaim(object, item) : checkPod(object, item),
        )
        if (broken.length > 0) throw forbid(request, joinReasons(broken))
      }
    },
  }
}

function itemsOf(range: KubeObject): LimitItem[] {
  return range['spec']?.limits ?? []
}

function setDefaults(pod: KubeObject, items: readonly LimitItem[]): void {
  const requests: Record<string, string> = {}
  const limits: Record<string, string> = {}
  for (const item of items) {
    if (item.type !== 'Container') continue
    Object.assign(requests, item.defaultRequest)
    Object.assign(limits, item.default)
  }
  const spec = pod['spec']
  const notes = [
    ...(spec.containers ?? []).flatMap((one: Json) => fill(one, 'container', { requests, limits })),
    ...(spec.initContainers ?? []).flatMap((one: Json) => fill(one, 'init container', { requests, limits })),
  ]
  if (notes.length === 0) return
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}`,
  }
}

/** What was set, in words. */
function fill(
  container: Json,
  kind: string,
  defaults: { requests: ResourceList; limits: ResourceList },
): string[] {
  const notes: string[] = []
  for (const [field, word] of [
    ['requests', 'request'],
    ['limits', 'limit'],
  ] as const) {
    const own: ResourceList = container.resources?.[field] ?? {}
    const missing = Object.keys(defaults[field]).filter((name) => own[name] === undefined)
    if (missing.length === 0) continue
    const added = Object.fromEntries(missing.map((name) => [name, defaults[field][name]!]))
    container.resources = { ...container.resources, [field]: { ...own, ...added } }
    notes.push(`${missing.sort().join(', ')} ${word} for ${kind} ${container.name}`)
  }
  return notes
}

function checkPod(pod: KubeObject, item: LimitItem): string[] {
  if (item.type === 'Pod')
    return brokenConstraints(item, { requests: podRequests(pod), limits: podLimits(pod) })
  if (item.type !== 'Container') return []
  const spec = pod['spec']
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap(({ resources = {} }: Json) =>
    brokenConstraints(item, { requests: resources.requests ?? {}, limits: resources.limits ?? {} }),
  )
}

function checkClaim(claim: KubeObject, item: LimitItem): string[] {
  if (item.type !== 'PersistentVolumeClaim') return []
  const requests: ResourceList = claim['spec']?.resources?.requests ?? {}
  return brokenConstraints({ type: item.type, ...pick(item) }, { requests, limits: {} })
}

function pick({ min, max }: LimitItem): Pick<LimitItem, 'min' | 'max'> {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
}
