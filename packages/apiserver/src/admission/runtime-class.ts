// A pod with a runtime class carries the class's overhead and goes where the class says.

import type { KubeObject } from '@brume/api/object'
import { compareQuantity } from '@brume/base/quantity'
import { deepEqual } from '@brume/base/values'
import type { AdmissionDeps } from './deps.ts'
import { createdPod, forbid, type Json, quoted } from './request.ts'
import type { AdmissionPlugin, AdmissionRequest } from './types.ts'

export function runtimeClass({ reader }: Pick<AdmissionDeps, 'reader'>): AdmissionPlugin {
  function classOf(request: AdmissionRequest, pod: KubeObject): KubeObject | undefined {
    const name = pod['spec'].runtimeClassName
    if (name === undefined || name === '') return undefined
    const found = reader.get('node.k8s.io', 'runtimeclasses', '', name)
    if (found === undefined) throw forbid(request, `pod rejected: RuntimeClass ${quoted(name)} not found`)
    return found
  }
  return {
    name: 'RuntimeClass',
    mutate(request) {
      const pod = createdPod(request)
      const found = pod && classOf(request, pod)
      if (pod === undefined || found === undefined) return
      setOverhead(request, pod['spec'], found)
      setScheduling(request, pod['spec'], found)
    },
    validate(request) {
      const pod = createdPod(request)
      if (pod === undefined) return
      const overhead = classOf(request, pod)?.['overhead']?.podFixed
      if (overhead === undefined && Object.keys(pod['spec'].overhead ?? {}).length > 0) {
        throw forbid(
          request,
          'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
        )
      }
    },
  }
}

function setOverhead(request: AdmissionRequest, spec: Json, found: KubeObject): void {
  const overhead: Record<string, string> | undefined = found['overhead']?.podFixed
  if (overhead === undefined) return
  if (spec.overhead !== undefined && !sameResources(spec.overhead, overhead)) {
    throw forbid(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
  }
  spec.overhead = { ...overhead }
}

function setScheduling(request: AdmissionRequest, spec: Json, found: KubeObject): void {
  const scheduling = found['scheduling']
  if (scheduling === undefined) return
  const wanted: Record<string, string> = scheduling.nodeSelector ?? {}
  for (const [key, value] of Object.entries(wanted)) {
    const own = spec.nodeSelector?.[key]
    if (own === undefined || own === value) continue
    throw forbid(
      request,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
    )
  }
  if (Object.keys(wanted).length > 0) spec.nodeSelector = { ...spec.nodeSelector, ...wanted }
  const tolerations: Json[] = spec.tolerations ?? []
  const missing = (scheduling.tolerations ?? []).filter(
    (one: Json) => !tolerations.some((own) => deepEqual(own, one)),
  )
  if (missing.length > 0) spec.tolerations = [...tolerations, ...missing.map((one: Json) => ({ ...one }))]
}

function sameResources(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => b[name] !== undefined && compareQuantity(a[name]!, b[name]!) === 0)
}
