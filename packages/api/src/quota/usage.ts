// What an object of any kind counts for in a quota, and which of a quota's resources that can be.

import { compareQuantity } from '@brume/base/quantity'
import type { KubeObject } from '../object.ts'
import { podResourcesAmong, podUsage } from './pod-usage.ts'
import type { ResourceList } from './resource-list.ts'

export interface GroupPlural {
  group: string
  plural: string
}

/** Kinds that are also counted under their own name. */
const PLAIN_COUNTS = [
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]
const CLASS_SUFFIX = '.storageclass.storage.k8s.io/'
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

/** `count/deployments.apps`, `count/pods` */
export function countName({ group, plural }: GroupPlural): string {
  return group === '' ? `count/${plural}` : `count/${plural}.${group}`
}

/** `now`: milliseconds since the epoch. */
export function usageOf(of: GroupPlural, object: KubeObject, now: number): ResourceList {
  if (of.group === '' && of.plural === 'pods') return podUsage(object, now)
  const count: Record<string, string> = { [countName(of)]: '1' }
  if (of.group !== '') return count
  if (PLAIN_COUNTS.includes(of.plural)) count[of.plural] = '1'
  if (of.plural === 'services') return { ...count, ...serviceUsage(object) }
  if (of.plural === 'persistentvolumeclaims') return { ...count, ...claimUsage(object) }
  return count
}

/** Those of a quota's resource names that objects of this kind count for. */
export function resourcesAmong(of: GroupPlural, names: readonly string[]): string[] {
  if (of.group === '' && of.plural === 'pods') return podResourcesAmong(names)
  const own = [countName(of)]
  if (of.group === '' && PLAIN_COUNTS.includes(of.plural)) own.push(of.plural)
  if (of.group === '' && of.plural === 'services') own.push('services.nodeports', 'services.loadbalancers')
  const isClaim = of.group === '' && of.plural === 'persistentvolumeclaims'
  if (isClaim) own.push('requests.storage')
  return names.filter((name) => own.includes(name) || (isClaim && name.includes(CLASS_SUFFIX)))
}

/** Kinds whose objects count for one of `names`; kinds that only `count/` names are read from the name. */
export function kindsCountedBy(names: readonly string[]): GroupPlural[] {
  const kinds = new Map<string, GroupPlural>()
  const add = (of: GroupPlural) => kinds.set(countName(of), of)
  for (const plural of ['pods', ...PLAIN_COUNTS]) {
    const of = { group: '', plural }
    if (resourcesAmong(of, names).length > 0) add(of)
  }
  for (const name of names) {
    if (!name.startsWith('count/')) continue
    const [plural = '', ...group] = name.slice('count/'.length).split('.')
    add({ group: group.join('.'), plural })
  }
  return [...kinds.values()]
}

/** What its type will allocate, not what has been allocated already. */
function serviceUsage(service: KubeObject): ResourceList {
  const { type, ports = [], allocateLoadBalancerNodePorts } = service['spec'] ?? {}
  const isBalanced = type === 'LoadBalancer'
  let nodePorts = 0
  if (type === 'NodePort' || isBalanced) nodePorts = ports.length
  if (isBalanced && allocateLoadBalancerNodePorts === false) {
    nodePorts = ports.filter(({ nodePort }: { nodePort?: number }) => (nodePort ?? 0) !== 0).length
  }
  return { 'services.nodeports': String(nodePorts), 'services.loadbalancers': isBalanced ? '1' : '0' }
}

function claimUsage(claim: KubeObject): ResourceList {
  const className = claim.metadata.annotations?.[CLASS_ANNOTATION] ?? claim['spec']?.storageClassName ?? ''
  const size = claimSize(claim)
  const usage: Record<string, string> = {}
  if (size !== undefined) usage['requests.storage'] = size
  if (className === '') return usage
  usage[`${className}${CLASS_SUFFIX}persistentvolumeclaims`] = '1'
  if (size !== undefined) usage[`${className}${CLASS_SUFFIX}requests.storage`] = size
  return usage
}

/** While a claim shrinks back from a failed expansion, what was allocated still counts. */
function claimSize(claim: KubeObject): string | undefined {
  const asked: string | undefined = claim['spec']?.resources?.requests?.storage
  const allocated: string | undefined = claim['status']?.allocatedResources?.storage
  if (asked === undefined || allocated === undefined) return asked
  return compareQuantity(allocated, asked) > 0 ? allocated : asked
}
