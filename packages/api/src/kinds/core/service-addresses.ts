// The cluster addresses of a Service, their families, and what an update may do to them.

import { duplicate, type FieldError, invalid, required } from '../../field-error.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { invalidAs, named } from '../../validate/fields.ts'
import { goList, invalidList } from '../../validate/go-list.ts'
import { ipFamily, isIP } from '../../validate/ip.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { CLUSTER_IP_NONE, isHeadless } from './service-rules.ts'

const FIELD = 'spec.clusterIPs'
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

export function validateClusterIPs(spec: Json): FieldError[] {
  if (spec.type === 'ExternalName') return []
  const errors = [...validatePrimary(spec), ...validateFamilies(spec)]
  const wrong = validateEach(listOf(spec.clusterIPs))
  errors.push(...wrong)
  if (listOf(spec.clusterIPs).length > 2) {
    errors.push(invalidList(FIELD, spec.clusterIPs, 'may only hold up to 2 values'))
  }
  return wrong.length > 0 ? errors : [...errors, ...validateStack(spec)]
}

function validatePrimary(spec: Json): FieldError[] {
  const addresses: string[] = listOf(spec.clusterIPs)
  if (!spec.clusterIP) {
    if (addresses.length === 0) return []
    return [invalidList(FIELD, addresses, 'must be empty when `clusterIP` is not specified')]
  }
  if (addresses.length === 0) return [required(FIELD)]
  return addresses[0] === spec.clusterIP
    ? []
    : [invalidList(FIELD, addresses, 'first value must match `clusterIP`')]
}

function validateFamilies(spec: Json): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, family] of listOf(spec.ipFamilies).entries()) {
    errors.push(...optionalOneOf(`spec.ipFamilies[${i}]`, family, ['IPv4', 'IPv6']))
    if (seen.has(family)) errors.push(duplicate(`spec.ipFamilies[${i}]`, family))
    seen.add(family)
  }
  return [...errors, ...optionalOneOf('spec.ipFamilyPolicy', spec.ipFamilyPolicy, POLICIES)]
}

function validateEach(addresses: string[]): FieldError[] {
  return addresses.flatMap((address, i) => {
    if (i > 0 || address !== CLUSTER_IP_NONE) return named(`${FIELD}[${i}]`, address, isIP)
    if (addresses.length === 1) return []
    return [invalidList(FIELD, addresses, "'None' must be the first and only value")]
  })
}

function validateStack(spec: Json): FieldError[] {
  const addresses: string[] = listOf(spec.clusterIPs)
  const errors: FieldError[] = []
  if (addresses.length > 1 && new Set(addresses.map(ipFamily)).size < 2) {
    errors.push(invalidList(FIELD, addresses, 'may specify no more than one IP for each IP family'))
  }
  if (isHeadless(spec)) return errors
  for (const [i, family] of listOf(spec.ipFamilies).entries()) {
    const address = addresses[i]
    if (address === undefined || family === `IPv${ipFamily(address)}`) continue
    if (family !== 'IPv4' && family !== 'IPv6') continue
    const why = `expected an ${family} value as indicated by \`ipFamilies[${i}]\``
    errors.push(invalid(`${FIELD}[${i}]`, address, why))
  }
  return errors
}

/** Addresses and families stay once set, but for adding or dropping the second one. */
export function validateServiceUpdate(spec: Json, old: Json): FieldError[] {
  const errors: FieldError[] = []
  const leavesName = spec.type !== 'ExternalName' && old.type !== 'ExternalName'
  if (leavesName && !(isHeadless(spec) && isHeadless(old))) {
    errors.push(...stays(FIELD, listOf(spec.clusterIPs), listOf(old.clusterIPs)))
    errors.push(...released(spec, old, { field: 'clusterIPs', what: 'clusterIP' }))
  }
  if (leavesName && !isHeadless(spec) && !isHeadless(old)) {
    errors.push(...stays('spec.ipFamilies', listOf(spec.ipFamilies), listOf(old.ipFamilies)))
    errors.push(...released(spec, old, { field: 'ipFamilies', what: 'ipFamily' }))
  }
  const bothBalanced = spec.type === 'LoadBalancer' && old.type === 'LoadBalancer'
  if (bothBalanced && (spec.loadBalancerClass ?? null) !== (old.loadBalancerClass ?? null)) {
    const value = spec.loadBalancerClass ?? null
    errors.push(invalid('spec.loadBalancerClass', value, 'may not change once set'))
  }
  return errors
}

function stays(field: string, values: string[], old: string[]): FieldError[] {
  if (old.length > 0 && values.length === 0) {
    const what = field === FIELD ? 'clusterIP' : 'ipFamily'
    return [invalidAs(`${field}[0]`, shown(field, values), `primary ${what} can not be unset`)]
  }
  const compared = old.length === values.length ? old.length : Math.min(1, old.length)
  const errors: FieldError[] = []
  for (let i = 0; i < compared; i++) {
    if (old[i] !== values[i])
      errors.push(invalidAs(`${field}[${i}]`, shown(field, values), 'may not change once set'))
  }
  return errors
}

function shown(field: string, values: string[]): string {
  return goList(field === FIELD ? 'string' : 'core.IPFamily', values)
}

function released(spec: Json, old: Json, { field, what }: { field: string; what: string }): FieldError[] {
  if (listOf(old[field]).length !== 2 || listOf(spec[field]).length !== 1) return []
  if (spec.ipFamilyPolicy === 'SingleStack') return []
  const why = `must be set to 'SingleStack' when releasing the secondary ${what}`
  return [invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, why)]
}
