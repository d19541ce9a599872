// ResourceQuota: a write that would take more than a quota of its namespace leaves is refused. Last in the chain.

import type { KubeObject } from '@brume/api/object'
import { podConstraintViolation } from '@brume/api/quota/pod-usage'
import {
  addResources,
  exceededResources,
  formatResources,
  maskResources,
  nonZeroResources,
  positiveResources,
  type ResourceList,
  subtractResources,
} from '@brume/api/quota/resource-list'
import { inScope } from '@brume/api/quota/scopes'
import { resourcesAmong, usageOf } from '@brume/api/quota/usage'
import type { AdmissionDeps } from './deps.ts'
import { createQuotaLedger, type QuotaLedger } from './quota-ledger.ts'
import { forbid } from './request.ts'
import type { AdmissionPlugin, AdmissionRequest } from './types.ts'

/** Events are never counted. */
const EVENT_GROUPS = ['', 'events.k8s.io']
/** Kinds whose usage can grow by an update. */
const GROWING = ['services', 'persistentvolumeclaims']

export function resourceQuota({ reader, clock }: Pick<AdmissionDeps, 'reader' | 'clock'>): AdmissionPlugin {
  let ledger: QuotaLedger | undefined
  return {
    name: 'ResourceQuota',
    reserve(request) {
      const { object, namespace, resource } = request
      if (object === undefined || namespace === '' || !isCounted(request)) return undefined
      const quotas = reader.list('', 'resourcequotas', namespace)
      if (quotas.length === 0) return undefined
      ledger ??= createQuotaLedger(reader, clock)
      const { group, plural } = resource
      const takes = check(request, object, quotas, { ledger, now: clock.now() })
      if (takes.length === 0) return undefined
      return ledger.reserve({
        of: { group, plural },
        object,
        isCreate: request.operation === 'CREATE',
        takes,
      })
    },
  }
}

function isCounted({ operation, resource, subresource }: AdmissionRequest): boolean {
  if (!resource.stored || (EVENT_GROUPS.includes(resource.group) && resource.plural === 'events'))
    return false
  if (resource.group === '' && resource.plural === 'pods' && subresource === 'resize')
    return operation === 'UPDATE'
  if (subresource !== '') return false
  if (operation === 'CREATE') return true
  return operation === 'UPDATE' && resource.group === '' && GROWING.includes(resource.plural)
}

interface Taken {
  quota: KubeObject
  amount: ResourceList
}

/** What the write takes of each quota that counts it. Throws Forbidden. */
function check(
  request: AdmissionRequest,
  object: KubeObject,
  quotas: readonly KubeObject[],
  { ledger, now }: { ledger: QuotaLedger; now: number },
): Taken[] {
  const { group, plural } = request.resource
  const of = { group, plural }
  const counting = quotas.filter(
    (quota) => resourcesAmong(of, hardNames(quota)).length > 0 && inScope(quota, of, object),
  )
  if (counting.length === 0) return []
  if (group === '' && plural === 'pods') {
    for (const quota of counting) {
      const violation = podConstraintViolation(object, hardNames(quota))
      if (violation !== undefined) throw forbid(request, `failed quota: ${quota.metadata.name}: ${violation}`)
    }
  }
  const usage = usageOf(of, object, now)
  const negative = Object.keys(usage).filter((name) => usage[name]!.startsWith('-'))
  if (negative.length > 0) {
    throw forbid(request, `quota usage is negative for resource(s): ${negative.sort().join(',')}`)
  }
  const before =
    request.operation === 'UPDATE' && request.oldObject ? usageOf(of, request.oldObject, now) : {}
  const delta = nonZeroResources(positiveResources(subtractResources(usage, before)))
  const takes: Taken[] = []
  for (const quota of counting) {
    const amount = maskResources(delta, hardNames(quota))
    if (Object.keys(amount).length === 0) continue
    const excess = excessOf(quota, amount, ledger.used(quota))
    const why = excess && excessOf(quota, amount, ledger.used(quota, { recount: true }))
    if (why !== undefined) throw forbid(request, why)
    takes.push({ quota, amount })
  }
  return takes
}

/** The refusal in words; undefined: the quota leaves enough. */
function excessOf(quota: KubeObject, amount: ResourceList, used: ResourceList): string | undefined {
  const hard: ResourceList = quota['spec'].hard
  const after = maskResources(addResources(used, amount), Object.keys(amount))
  const exceeded = exceededResources(after, hard)
  if (exceeded.length === 0) return undefined
  const show = (list: ResourceList) => formatResources(maskResources(list, exceeded))
  const { name } = quota.metadata
  return `exceeded quota: ${name}, requested: ${show(amount)}, used: ${show(used)}, limited: ${show(hard)}`
}

function hardNames(quota: KubeObject): string[] {
  return Object.keys(quota['spec']?.hard ?? {})
}
