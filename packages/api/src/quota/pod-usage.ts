// What a pod counts for in a quota.

import type { KubeObject } from '../object.ts'
import { podLimits, podRequests } from './pod-resources.ts'
import { addResources, type ResourceList } from './resource-list.ts'

// biome-ignore lint/suspicious/noExplicitAny: fields of a pod, checked by its schema
type Json = any

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage']
const HUGE_PAGES = 'hugepages-'
/** With a quota on one of these, every container must say how much it asks for. */
const MUST_SPECIFY = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory']
const COUNTED = [
  'count/pods',
  'pods',
  ...COMPUTE.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]

/** A pod that is over counts as an object only. `now`: milliseconds since the epoch. */
export function podUsage(pod: KubeObject, now: number): ResourceList {
  const count = { 'count/pods': '1' }
  return isOver(pod, now) ? count : addResources(count, computeUsage(podRequests(pod), podLimits(pod)))
}

/** Those of a quota's resources that pods count for. */
export function podResourcesAmong(names: readonly string[]): string[] {
  return names.filter((name) => {
    if (COUNTED.includes(name) || name.startsWith(HUGE_PAGES)) return true
    // requests.hugepages-2Mi and requests.example.com/gpu
    const requested = name.startsWith('requests.') ? name.slice('requests.'.length) : ''
    return requested.startsWith(HUGE_PAGES) || isExtendedResource(requested)
  })
}

/** What is wrong with a pod under a quota on `names`, in words; undefined: nothing. */
export function podConstraintViolation(pod: KubeObject, names: readonly string[]): string | undefined {
  const required = MUST_SPECIFY.filter((name) => names.includes(name))
  const spec: Json = pod['spec'] ?? {}
  const missing: string[] = []
  for (const name of required) {
    const without = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
      .filter(
        ({ resources = {} }) =>
          computeUsage(resources.requests ?? {}, resources.limits ?? {})[name] === undefined,
      )
      .map((container) => String(container.name))
    if (without.length > 0) missing.push(`${name} for: ${[...new Set(without)].sort().join(',')}`)
  }
  return missing.length === 0 ? undefined : `must specify ${missing.join('; ')}`
}

/** No container asks for or is limited in CPU or memory. */
export function isBestEffort(pod: KubeObject): boolean {
  const spec: Json = pod['spec'] ?? {}
  const isSet = (list: ResourceList = {}) =>
    ['cpu', 'memory'].some((name) => list[name] !== undefined && list[name] !== '0')
  return ![...(spec.containers ?? []), ...(spec.initContainers ?? [])].some(
    ({ resources = {} }) => isSet(resources.requests) || isSet(resources.limits),
  )
}

function computeUsage(requests: ResourceList, limits: ResourceList): ResourceList {
  const usage: Record<string, string> = { pods: '1' }
  for (const [name, amount] of Object.entries(requests)) {
    if (COMPUTE.includes(name) || name.startsWith(HUGE_PAGES)) usage[name] = amount
    if (COMPUTE.includes(name) || name.startsWith(HUGE_PAGES) || isExtendedResource(name)) {
      usage[`requests.${name}`] = amount
    }
  }
  for (const [name, amount] of Object.entries(limits)) {
    if (COMPUTE.includes(name)) usage[`limits.${name}`] = amount
  }
  return usage
}

/** `example.com/gpu`: a domain of its own, not Kubernetes'. */
function isExtendedResource(name: string): boolean {
  const slash = name.indexOf('/')
  if (slash < 0 || name.startsWith('requests.')) return false
  const domain = name.slice(0, slash)
  return domain !== 'kubernetes.io' && !domain.endsWith('.kubernetes.io')
}

function isOver(pod: KubeObject, now: number): boolean {
  const phase = pod['status']?.phase
  if (phase === 'Failed' || phase === 'Succeeded') return true
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return false
  return now > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000
}
