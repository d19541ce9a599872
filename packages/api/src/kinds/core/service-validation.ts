// Rules for a Service as a whole; those for its ports and its addresses have files of their own.

import { type FieldError, forbiddenField, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { isCIDR, isIP } from '../../validate/ip.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { validateLabels } from '../../validate/labels.ts'
import { isDNS1123Subdomain, isQualifiedName } from '../../validate/names.ts'
import { isPortNumber } from '../../validate/ports.ts'
import { nonSpecialIP } from '../../validate/special-ip.ts'
import { validateClusterIPs } from './service-addresses.ts'
import { validateServicePorts } from './service-ports.ts'
import { isExternallyAccessible, isHeadless, needsHealthCheck } from './service-rules.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const MAX_AFFINITY_SECONDS = 86400
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode'
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints'
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges'

export function validateService(object: KubeObject): FieldError[] {
  const spec: Json = object.spec
  return [
    ...validateTopology(object.metadata.annotations ?? {}),
    ...validateByType(spec),
    ...validateServicePorts(spec),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...validateAffinity(spec),
    ...validateClusterIPs(spec),
    ...validateExternalIPs(spec),
    ...oneOf('spec.type', spec.type, TYPES),
    ...validateLoadBalancer(object),
    ...validateTraffic(spec),
  ]
}

function validateTopology(annotations: Record<string, string>): FieldError[] {
  const mode = annotations[TOPOLOGY_MODE]
  const hints = annotations[TOPOLOGY_HINTS]
  if (mode === undefined || hints === undefined || mode === hints) return []
  const why = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`
  return [invalid(`metadata.annotations[${TOPOLOGY_MODE}]`, mode, why)]
}

function validateByType(spec: Json): FieldError[] {
  const errors: FieldError[] = []
  if (listOf(spec.ports).length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') {
    errors.push(required('spec.ports'))
  }
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec)) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`))
  }
  if (spec.type !== 'ExternalName') return errors
  const why = 'may not be set for ExternalName services'
  if (listOf(spec.clusterIPs).length > 0) errors.push(forbiddenField('spec.clusterIPs', why))
  if (listOf(spec.ipFamilies).length > 0) errors.push(forbiddenField('spec.ipFamilies', why))
  if (spec.ipFamilyPolicy) errors.push(forbiddenField('spec.ipFamilyPolicy', why))
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  if (name === '') errors.push(required('spec.externalName'))
  else errors.push(...named('spec.externalName', name, isDNS1123Subdomain))
  return errors
}

function validateAffinity(spec: Json): FieldError[] {
  const errors = oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None'])
  const field = 'spec.sessionAffinityConfig'
  if (spec.sessionAffinity === 'None' && spec.sessionAffinityConfig) {
    errors.push(forbiddenField(field, 'must not be set when session affinity is None'))
  }
  if (spec.sessionAffinity !== 'ClientIP') return errors
  const why = 'when session affinity type is ClientIP'
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (!spec.sessionAffinityConfig) errors.push(required(field, why))
  else if (!spec.sessionAffinityConfig.clientIP) errors.push(required(`${field}.clientIP`, why))
  else if (seconds === undefined || seconds === null) {
    errors.push(required(`${field}.clientIP.timeoutSeconds`, why))
  } else if (seconds <= 0 || seconds > MAX_AFFINITY_SECONDS) {
    const range = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`
    errors.push(invalid(`${field}.clientIP.timeoutSeconds`, seconds, range))
  }
  return errors
}

function validateExternalIPs(spec: Json): FieldError[] {
  return listOf(spec.externalIPs).flatMap((ip: string, i) => {
    const field = `spec.externalIPs[${i}]`
    const errors = named(field, ip, isIP)
    return errors.length > 0 ? errors : nonSpecialIP(ip, field)
  })
}

function validateLoadBalancer(object: KubeObject): FieldError[] {
  const spec: Json = object.spec
  const isLoadBalancer = spec.type === 'LoadBalancer'
  const errors = validateSourceRanges(object)
  if (!isLoadBalancer && (spec.allocateLoadBalancerNodePorts ?? null) !== null) {
    errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', ONLY_LOAD_BALANCER))
  }
  if (isLoadBalancer && (spec.allocateLoadBalancerNodePorts ?? null) === null) {
    errors.push(required('allocateLoadBalancerNodePorts'))
  }
  if ((spec.loadBalancerClass ?? null) === null) return errors
  if (!isLoadBalancer) errors.push(forbiddenField('spec.loadBalancerClass', ONLY_LOAD_BALANCER))
  else errors.push(...named('spec.loadBalancerClass', spec.loadBalancerClass, isQualifiedName))
  return errors
}

/** The field is spelled with a capital letter in Kubernetes' own errors. */
function validateSourceRanges(object: KubeObject): FieldError[] {
  const ranges: string[] = listOf(object.spec.loadBalancerSourceRanges)
  const annotation = object.metadata.annotations?.[SOURCE_RANGES]
  if (ranges.length === 0 && annotation === undefined) return []
  const inSpec = ranges.length > 0
  const field = inSpec ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${SOURCE_RANGES}]`
  const blocks = inSpec ? ranges : (annotation ?? '').trim() === '' ? [] : annotation!.split(',')
  const errors = object.spec.type === 'LoadBalancer' ? [] : [forbiddenField(field, ONLY_LOAD_BALANCER)]
  for (const [i, block] of blocks.entries()) {
    errors.push(...named(inSpec ? `${field}[${i}]` : field, block.trim(), isCIDR))
  }
  return errors
}

/** The port of the health check is allocated by the server, so its absence is no error here. */
function validateTraffic(spec: Json): FieldError[] {
  const errors: FieldError[] = []
  const external = 'spec.externalTrafficPolicy'
  if (isExternallyAccessible(spec)) {
    errors.push(...oneOf(external, spec.externalTrafficPolicy, ['Cluster', 'Local']))
  } else if (spec.externalTrafficPolicy) {
    const why = 'may only be set for externally-accessible services'
    errors.push(invalid(external, spec.externalTrafficPolicy, why))
  }
  if (spec.healthCheckNodePort && !needsHealthCheck(spec)) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(invalid('spec.healthCheckNodePort', spec.healthCheckNodePort, why))
  } else if (spec.healthCheckNodePort) {
    const wrong = isPortNumber(spec.healthCheckNodePort)
    errors.push(...wrong.map((why) => invalid('spec.healthCheckNodePort', spec.healthCheckNodePort, why)))
  }
  const internal = 'spec.internalTrafficPolicy'
  if ((spec.internalTrafficPolicy ?? null) !== null) {
    errors.push(...optionalOneOf(internal, spec.internalTrafficPolicy, ['Cluster', 'Local']))
  } else if (spec.type !== 'ExternalName' && TYPES.includes(spec.type)) errors.push(required(internal))
  errors.push(...optionalOneOf('spec.trafficDistribution', spec.trafficDistribution, ['PreferClose']))
  return errors
}
