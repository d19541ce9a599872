// Status of a Service (and of an Ingress): the points where traffic comes in.

import { type FieldError, forbiddenField, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { named } from '../../validate/fields.ts'
import { parseIP } from '../../validate/ip.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1123Subdomain } from '../../validate/names.ts'
import { cidrWarnings, ipWarnings } from '../../validate/special-ip.ts'
import { CLUSTER_IP_NONE } from './service-rules.ts'

export function validateServiceStatus(object: KubeObject): FieldError[] {
  const points: Json[] = listOf(object.status?.loadBalancer?.ingress)
  if (points.length > 0 && object.spec.type !== 'LoadBalancer') {
    const why = "may only be used when `spec.type` is 'LoadBalancer'"
    return [forbiddenField('status.loadBalancer.ingress', why)]
  }
  return points.flatMap((point, i) => {
    const field = `status.loadBalancer.ingress[${i}]`
    return [...validateIPMode(point, field), ...validateIngressPoint(point, field)]
  })
}

function validateIPMode(point: Json, field: string): FieldError[] {
  const mode = point.ipMode ?? null
  if (point.ip && mode === null) return [required(`${field}.ipMode`, 'must be specified when `ip` is set')]
  if (!point.ip && mode !== null) {
    return [forbiddenField(`${field}.ipMode`, 'may not be specified when `ip` is not set')]
  }
  return optionalOneOf(`${field}.ipMode`, point.ipMode, ['Proxy', 'VIP'])
}

/** An address, and a name that is no address. */
export function validateIngressPoint(point: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (point.ip && parseIP(point.ip) === undefined) {
    errors.push(invalid(`${field}.ip`, point.ip, 'must be a valid IP address'))
  }
  if (!point.hostname) return errors
  errors.push(...named(`${field}.hostname`, point.hostname, isDNS1123Subdomain))
  if (parseIP(point.hostname) !== undefined) {
    errors.push(invalid(`${field}.hostname`, point.hostname, 'must be a DNS name, not an IP address'))
  }
  return errors
}

export function serviceWarnings(object: KubeObject): string[] {
  const spec: Json = object.spec
  const warnings: string[] = []
  if (object.metadata.annotations?.['service.kubernetes.io/topology-aware-hints'] !== undefined) {
    warnings.push(
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    )
  }
  for (const [i, ip] of listOf(spec.clusterIPs).entries()) {
    if (ip !== CLUSTER_IP_NONE) warnings.push(...ipWarnings(ip, `spec.clusterIPs[${i}]`))
  }
  for (const [i, ip] of listOf(spec.externalIPs).entries())
    warnings.push(...ipWarnings(ip, `spec.externalIPs[${i}]`))
  if (spec.loadBalancerIP) warnings.push(...ipWarnings(spec.loadBalancerIP, 'spec.loadBalancerIP'))
  for (const [i, block] of listOf(spec.loadBalancerSourceRanges).entries()) {
    warnings.push(...cidrWarnings(block, `spec.loadBalancerSourceRanges[${i}]`))
  }
  if (spec.type === 'ExternalName' && listOf(spec.externalIPs).length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  }
  if (spec.type !== 'ExternalName' && spec.externalName) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  }
  return warnings
}
