// The priority of a pod comes from its class, or from the default class; there is one default.

import type { KubeObject } from '@brume/api/object'
import type { ObjectReader } from '../registry/reader.ts'
import type { AdmissionDeps } from './deps.ts'
import { concerns, createdPod, forbid } from './request.ts'
import type { AdmissionPlugin, AdmissionRequest } from './types.ts'

const GROUP = 'scheduling.k8s.io'
const DEFAULT_POLICY = 'PreemptLowerPriority'

export function priority({ reader }: Pick<AdmissionDeps, 'reader'>): AdmissionPlugin {
  return {
    name: 'Priority',
    mutate(request) {
      const pod = createdPod(request)
      if (pod !== undefined) setPriority(request, pod, reader)
      else if (request.operation === 'UPDATE' && concerns(request, '', 'pods')) keepPriority(request)
    },
    validate(request) {
      const { operation, object } = request
      if (operation !== 'CREATE' && operation !== 'UPDATE') return
      if (!concerns(request, GROUP, 'priorityclasses') || object?.['globalDefault'] !== true) return
      const other = defaultClass(reader)
      if (other === undefined || other.metadata.name === object.metadata.name) return
      const why = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`
      throw forbid(request, why)
    },
  }
}

function setPriority(request: AdmissionRequest, pod: KubeObject, reader: ObjectReader): void {
  const spec = pod['spec']
  const { name, value, policy } = classOf(request, spec.priorityClassName ?? '', reader)
  if (spec.priority !== undefined && spec.priority !== value) {
    throw forbid(
      request,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    )
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw forbid(
      request,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    )
  }
  if (name !== '') spec.priorityClassName = name
  spec.priority = value
  spec.preemptionPolicy = policy
}

/** Clients that do not know the computed fields send the pod back without them. */
function keepPriority({ object, oldObject }: AdmissionRequest): void {
  const [spec, old] = [object?.['spec'], oldObject?.['spec']]
  if (spec === undefined || old === undefined) return
  if (spec.priority === undefined && old.priority !== undefined) spec.priority = old.priority
  if (spec.preemptionPolicy === undefined && old.preemptionPolicy !== undefined) {
    spec.preemptionPolicy = old.preemptionPolicy
  }
}

interface ClassOfPod {
  name: string
  value: number
  policy: string
}

function classOf(request: AdmissionRequest, name: string, reader: ObjectReader): ClassOfPod {
  const found = name === '' ? defaultClass(reader) : reader.get(GROUP, 'priorityclasses', '', name)
  if (found === undefined) {
    if (name === '') return { name: '', value: 0, policy: DEFAULT_POLICY }
    throw forbid(request, `no PriorityClass with name ${name} was found`)
  }
  const policy = found['preemptionPolicy'] ?? DEFAULT_POLICY
  return { name: found.metadata.name ?? '', value: found['value'] ?? 0, policy }
}

/** Of several (they can be made in a race) the lowest. */
function defaultClass(reader: ObjectReader): KubeObject | undefined {
  let lowest: KubeObject | undefined
  for (const candidate of reader.list(GROUP, 'priorityclasses', '')) {
    if (candidate['globalDefault'] !== true) continue
    if (lowest === undefined || (candidate['value'] ?? 0) < (lowest['value'] ?? 0)) lowest = candidate
  }
  return lowest
}
