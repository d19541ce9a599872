// Requests and limits of containers for the containers themselves: resourceFieldRef of variables and volumes.

import type { ResourceList } from '@brume/api/quota/resource-list'
import { type Json, listOf } from '@brume/api/validate/json'
import { isZeroQuantity, quantityMilliValue, quantityValue } from '@brume/base/quantity'
import type { ContainerSpec, Pod } from '../contract.ts'
import { configProblem } from './config-problem.ts'

/** A container without a limit on these may use all that the node gives to pods. */
const DEFAULTED = ['cpu', 'memory', 'ephemeral-storage']
const KNOWN = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/

export interface ResourceContext {
  pod: Pod
  /** Absent in a volume: the reference names its container. */
  container?: ContainerSpec
  allocatable: ResourceList
}

/** The amount over the divisor, rounded up. Throws PodProblem CreateContainerConfigError. */
export function resourceValue(ref: Json, context: ResourceContext): string {
  const { resource, containerName, divisor } = ref
  const container = containerName ? byName(context.pod, containerName) : context.container
  const match = KNOWN.exec(resource)
  if (match === null) throw configProblem(`unsupported container resource : ${resource}`)
  const [, list, name] = match as unknown as [string, 'limits' | 'requests', string]
  const amount = amountOf(container, list, name, context.allocatable)
  const by = divisor === undefined || isZeroQuantity(divisor) ? '1' : divisor
  const value = name === 'cpu' ? quantityMilliValue : quantityValue
  return String(Math.ceil(value(amount) / value(by)))
}

function amountOf(
  container: ContainerSpec | undefined,
  list: 'limits' | 'requests',
  name: string,
  allocatable: ResourceList,
): string {
  const own: string = container?.['resources']?.[list]?.[name] ?? '0'
  const open = list === 'limits' && DEFAULTED.includes(name) && isZeroQuantity(own)
  return open ? (allocatable[name] ?? '0') : own
}

function byName({ spec }: Pod, name: string): ContainerSpec {
  const all = [...listOf(spec['containers']), ...listOf(spec['initContainers'])]
  const found = all.find((container) => container.name === name)
  if (found === undefined) throw configProblem(`container ${name} not found`)
  return found
}
