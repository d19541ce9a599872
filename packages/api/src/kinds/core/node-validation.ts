// Rules for a Node: taints, pod address blocks, amounts of resources.

import { duplicate, type FieldError, forbiddenField, invalid } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { isCIDR, parseCIDR } from '../../validate/ip.ts'
import { type Json, listOf, mapOf } from '../../validate/json.ts'
import { isQualifiedName, isValidLabelValue } from '../../validate/names.ts'
import { validateResourceAmount } from '../../validate/quantities.ts'

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const PREFER_AVOID_PODS = 'scheduler.alpha.kubernetes.io/preferAvoidPods'

/** `podCIDR` is the first of `podCIDRs`; clients may know only one of the two fields. */
export function syncPodCIDRs(object: KubeObject): void {
  const spec: Json = object.spec
  if (!spec) return
  if (spec.podCIDR && listOf(spec.podCIDRs).length === 0) spec.podCIDRs = [spec.podCIDR]
  else if (!spec.podCIDR && listOf(spec.podCIDRs).length > 0) spec.podCIDR = spec.podCIDRs[0]
}

export function validateNode(object: KubeObject): FieldError[] {
  return [
    ...validateAvoidPods(object),
    // The path is Kubernetes' own, though taints are in the spec.
    ...validateTaints(listOf(object.spec?.taints), 'metadata.taints'),
    ...validateAmounts(object),
    ...validatePodCIDRs(listOf(object.spec?.podCIDRs)),
  ]
}

export function validateNodeStatus(object: KubeObject): FieldError[] {
  return validateAmounts(object)
}

export function validateNodeUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const errors = validateAddresses(listOf(object.status?.addresses))
  const before: string[] = listOf(old.spec?.podCIDRs)
  const now: string[] = listOf(object.spec?.podCIDRs)
  if (before.length > 0 && before.join() !== now.join()) {
    const why = 'node updates may not change podCIDR except from "" to valid'
    errors.push(forbiddenField('spec.podCIDRs', why))
  }
  if (old.spec?.providerID && old.spec.providerID !== object.spec?.providerID) {
    const why = 'node updates may not change providerID except from "" to valid'
    errors.push(forbiddenField('spec.providerID', why))
  }
  if ((object.spec?.externalID ?? '') !== (old.spec?.externalID ?? '')) {
    errors.push(forbiddenField('spec.externalID', 'may not be updated'))
  }
  return errors
}

function validateAvoidPods(object: KubeObject): FieldError[] {
  const text = object.metadata.annotations?.[PREFER_AVOID_PODS]
  if (!text) return []
  try {
    JSON.parse(text)
    return []
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [invalid('metadata.annotations.AvoidPods', PREFER_AVOID_PODS, error.message)]
  }
}

export function validateTaints(taints: Json[], field: string): FieldError[] {
  const seen = new Set<string>()
  return taints.flatMap((taint, i) => {
    const { key = '', value = '', effect = '' } = taint
    const at = `${field}[${i}]`
    const errors = named(`${at}.key`, key, isQualifiedName)
    const wrong = isValidLabelValue(value)
    if (wrong.length > 0) errors.push(invalid(`${at}.value`, value, wrong.join(';')))
    errors.push(...oneOf(`${at}.effect`, effect, EFFECTS))
    const pair = `${effect}/${key}`
    if (seen.has(pair)) errors.push(repeatedTaint(taint, at))
    seen.add(pair)
    return errors
  })
}

function repeatedTaint(taint: Json, field: string): FieldError {
  const error = duplicate(field, taint)
  return { ...error, message: `${error.message}: taints must be unique by key and effect pair` }
}

function validateAmounts(object: KubeObject): FieldError[] {
  return ['capacity', 'allocatable'].flatMap((list) =>
    Object.entries(mapOf(object.status?.[list])).flatMap(([name, amount]) =>
      validateResourceAmount(name, amount, `status.${list}.${name}`),
    ),
  )
}

function validatePodCIDRs(blocks: string[]): FieldError[] {
  const field = 'spec.podCIDRs'
  const errors = blocks.flatMap((block, i) => named(`${field}[${i}]`, block, isCIDR))
  if (blocks.length < 2) return errors
  const families = new Set(blocks.map((block) => parseCIDR(block)?.bytes.length))
  if (families.size < 2 || blocks.length > 2) {
    errors.push(invalid(field, blocks, 'may specify no more than one CIDR for each IP family'))
  }
  for (const [i, block] of blocks.entries()) {
    if (blocks.indexOf(block) < i) errors.push(duplicate(`${field}[${i}]`, block))
  }
  return errors
}

function validateAddresses(addresses: Json[]): FieldError[] {
  const seen = new Set<string>()
  return addresses.flatMap((address, i) => {
    const key = `${address.type}/${address.address}`
    const isRepeated = seen.has(key)
    seen.add(key)
    return isRepeated ? [duplicate(`status.addresses[${i}]`, address)] : []
  })
}
