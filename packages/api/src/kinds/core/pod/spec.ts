// A pod's spec, in a pod or in the template of a workload.

import { duplicate, type FieldError, invalid, required } from '../../../field-error.ts'
import type { ObjectMeta } from '../../../object.ts'
import { named, oneOf } from '../../../validate/fields.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { validateLabels } from '../../../validate/labels.ts'
import { isDNS1123Label, isDNS1123Subdomain, isQualifiedName } from '../../../validate/names.ts'
import { isInRange } from '../../../validate/ports.ts'
import { validateAffinity } from './affinity.ts'
import {
  type PodContext,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from './containers.ts'
import { validateDnsConfig, validateHostAliases } from './dns.ts'
import { validateHostNetworkPorts } from './ports.ts'
import { validateResources } from './resources.ts'
import { validateSchedulingGates, validateTolerations, validateTopologySpread } from './scheduling.ts'
import { validateHostUsers, validatePodSecurity } from './security.ts'
import { validateVolumes } from './volumes.ts'
import { validateHostProcesses, validateOs } from './windows.ts'

const MAX_INT32 = 2147483647
const SUBDOMAINS = ['serviceAccountName', 'nodeName'] as const
const LABELS = ['hostname', 'subdomain'] as const

/** `podMeta` is given for pods and absent for templates, which may leave more open. */
export function validatePodSpec(spec: Json, field: string, podMeta?: ObjectMeta): FieldError[] {
  const errors: FieldError[] = []
  const graceSeconds = spec.terminationGracePeriodSeconds ?? undefined
  if (graceSeconds === undefined) errors.push(required(`${field}.terminationGracePeriodSeconds`))
  const { volumes, errors: wrongVolumes } = validateVolumes(spec.volumes, `${field}.volumes`, podMeta)
  errors.push(...wrongVolumes)
  const claimNames = new Set<string>(listOf(spec.resourceClaims).map((claim) => claim.name))
  const pod: PodContext = { spec, volumes, claimNames, graceSeconds }
  errors.push(...validateResourceClaims(spec.resourceClaims, `${field}.resourceClaims`))
  errors.push(...validateContainers(pod, `${field}.containers`))
  errors.push(...validateInitContainers(pod, `${field}.initContainers`))
  errors.push(...validateEphemeralContainers(pod, `${field}.ephemeralContainers`))
  errors.push(...validateHostNetworkPorts(spec, field, podMeta !== undefined))
  errors.push(...oneOf(`${field}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']))
  const policies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
  errors.push(...oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, policies))
  errors.push(...validateLabels(spec.nodeSelector, `${field}.nodeSelector`))
  errors.push(...validatePodSecurity(spec, `${field}.securityContext`))
  errors.push(...validateAffinity(spec.affinity, `${field}.affinity`))
  errors.push(...validateDnsConfig(spec.dnsConfig, spec.dnsPolicy, `${field}.dnsConfig`))
  for (const [i, gate] of listOf(spec.readinessGates).entries()) {
    errors.push(
      ...named(`${field}.readinessGates[${i}].conditionType`, gate.conditionType ?? '', isQualifiedName),
    )
  }
  errors.push(...validateSchedulingGates(spec.schedulingGates, `${field}.schedulingGates`))
  errors.push(...validateTopologySpread(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`))
  errors.push(...validateHostProcesses(spec, field), ...validateHostUsers(spec, field))
  return errors.concat(validateScalars(spec, field), validateOs(spec, field))
}

function validateScalars(spec: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const name of SUBDOMAINS) {
    if (spec[name]) errors.push(...named(`${field}.${name}`, spec[name], isDNS1123Subdomain))
  }
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && deadline !== null) {
    const at = `${field}.activeDeadlineSeconds`
    errors.push(...isInRange(deadline, 1, MAX_INT32).map((message) => invalid(at, deadline, message)))
  }
  for (const name of LABELS) {
    if (spec[name]) errors.push(...named(`${field}.${name}`, spec[name], isDNS1123Label))
  }
  errors.push(...validateTolerations(spec.tolerations, `${field}.tolerations`))
  errors.push(...validateHostAliases(spec.hostAliases, `${field}.hostAliases`))
  if (spec.priorityClassName) {
    errors.push(...named(`${field}.priorityClassName`, spec.priorityClassName, isDNS1123Subdomain))
  }
  if (typeof spec.runtimeClassName === 'string') {
    errors.push(...named(`${field}.runtimeClassName`, spec.runtimeClassName, isDNS1123Subdomain))
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== null) {
    const policies = ['PreemptLowerPriority', 'Never']
    errors.push(...oneOf(`${field}.preemptionPolicy`, spec.preemptionPolicy, policies))
  }
  if (!spec.overhead) return errors
  return errors.concat(validateResources({ limits: spec.overhead }, new Set(), `${field}.overhead`))
}

function validateResourceClaims(claims: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, claim] of listOf(claims).entries()) {
    const at = `${field}[${i}]`
    if (!claim.name) errors.push(required(`${at}.name`))
    else if (names.has(claim.name)) errors.push(duplicate(`${at}.name`, claim.name))
    else errors.push(...named(`${at}.name`, claim.name, isDNS1123Label))
    names.add(claim.name)
    const given = ['resourceClaimName', 'resourceClaimTemplateName'].filter((name) => claim[name] != null)
    if (given.length > 1) {
      const why = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
      errors.push(invalid(at, claim, why))
    } else if (given.length === 0) {
      const why = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
      errors.push(invalid(at, claim, why))
    }
    for (const name of given) errors.push(...named(`${at}.${name}`, claim[name], isDNS1123Subdomain))
  }
  return errors
}
