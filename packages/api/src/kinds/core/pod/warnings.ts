// Warnings about pods and pod templates that are allowed and yet not what their author wants.

import type { ObjectMeta } from '../../../object.ts'
import { type Json, listOf, mapOf } from '../../../validate/json.ts'
import { isWhole } from '../../../validate/quantities.ts'
import { portWarnings } from './port-warnings.ts'
import { volumeWarnings } from './volume-warnings.ts'
import { allContainers } from './windows.ts'

const DEPRECATED_NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}

const DEPRECATED_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod':
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'
const APPARMOR_CONTAINER = 'container.apparmor.security.beta.kubernetes.io/'
const SECCOMP_GONE = 'non-functional in v1.27+; use the "seccompProfile" field instead'

/** `prefix` is '' for a pod and the template's path, with a dot after it, for a workload. */
export function podWarnings(spec: Json, meta: ObjectMeta | undefined, prefix = ''): string[] {
  if (!spec) return []
  const at = `${prefix}spec`
  return [
    ...nodeLabelWarnings(spec, at),
    ...annotationWarnings(spec, meta, prefix),
    ...volumeWarnings(spec.volumes, `${at}.volumes`),
    ...duplicateWarnings(spec.hostAliases, 'ip', `${at}.hostAliases`),
    ...duplicateWarnings(spec.imagePullSecrets, 'name', `${at}.imagePullSecrets`),
    ...listOf(spec.imagePullSecrets).flatMap((secret, i) =>
      secret.name ? [] : [`${at}.imagePullSecrets[${i}].name: invalid empty name ""`],
    ),
    ...fractionWarnings(spec.overhead, `${at}.overhead`),
    ...containerWarnings(spec, meta, prefix),
    ...portWarnings(spec, at),
    ...(spec.terminationGracePeriodSeconds < 0
      ? [
          `${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
  ]
}

function nodeLabelWarnings(spec: Json, at: string): string[] {
  const warnings: string[] = []
  for (const key of Object.keys(mapOf(spec.nodeSelector))) {
    const message = DEPRECATED_NODE_LABELS[key]
    if (message) warnings.push(`${at}.nodeSelector[${key}]: ${message}`)
  }
  const affinity = spec.affinity?.nodeAffinity
  const field = `${at}.affinity.nodeAffinity`
  const required = 'requiredDuringSchedulingIgnoredDuringExecution'
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
  for (const [i, term] of listOf(affinity?.[required]?.nodeSelectorTerms).entries()) {
    warnings.push(...termWarnings(term, `${field}.${required}.nodeSelectorTerms[${i}]`))
  }
  for (const [i, term] of listOf(affinity?.[preferred]).entries()) {
    warnings.push(...termWarnings(term.preference, `${field}.${preferred}[${i}].preference`))
  }
  for (const [i, constraint] of listOf(spec.topologySpreadConstraints).entries()) {
    const key = constraint.topologyKey
    const path = `${at}.topologySpreadConstraints[${i}]`
    const message = DEPRECATED_NODE_LABELS[key]
    if (message) warnings.push(`${path}.topologyKey: ${key} is ${message}`)
    if (!constraint.labelSelector) {
      warnings.push(`${path}.labelSelector: a null labelSelector results in matching no pod`)
    }
  }
  return warnings
}

function termWarnings(term: Json, at: string): string[] {
  return listOf(term?.matchExpressions).flatMap((expression, i) => {
    const message = DEPRECATED_NODE_LABELS[expression.key]
    return message ? [`${at}.matchExpressions[${i}].key: ${expression.key} is ${message}`] : []
  })
}

function annotationWarnings(spec: Json, meta: ObjectMeta | undefined, prefix: string): string[] {
  const annotations = mapOf(meta?.annotations)
  const at = `${prefix}metadata.annotations`
  const warnings = Object.entries(DEPRECATED_ANNOTATIONS)
    .filter(([key]) => annotations[key] !== undefined)
    .map(([key, message]) => `${at}[${key}]: ${message}`)
  if (!spec.securityContext?.seccompProfile && annotations[SECCOMP_POD] !== undefined) {
    warnings.push(`${at}[${SECCOMP_POD}]: ${SECCOMP_GONE}`)
  }
  return warnings
}

function containerWarnings(spec: Json, meta: ObjectMeta | undefined, prefix: string): string[] {
  const warnings: string[] = []
  const annotations = mapOf(meta?.annotations)
  const field = `${prefix}metadata.annotations`
  for (const { container, at } of allContainers(spec, `${prefix}spec`)) {
    const seccomp = `${SECCOMP_CONTAINER}${container.name}`
    if (!container.securityContext?.seccompProfile && annotations[seccomp] !== undefined) {
      warnings.push(`${field}[${seccomp}]: ${SECCOMP_GONE}`)
    }
    const apparmor = `${APPARMOR_CONTAINER}${container.name}`
    const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
    if (!profile && annotations[apparmor] !== undefined) {
      warnings.push(`${field}[${apparmor}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
    }
    for (const list of ['limits', 'requests']) {
      warnings.push(...fractionWarnings(container.resources?.[list], `${at}.resources.${list}`))
    }
    warnings.push(...envWarnings(container.env, `${at}.env`))
  }
  return warnings
}

/** A later variable of the same name is fine only when it builds on the earlier one. */
function envWarnings(variables: Json, at: string): string[] {
  const warnings: string[] = []
  const seen = new Set<string>()
  for (const [i, { name, value = '', valueFrom }] of listOf(variables).entries()) {
    const reference = `$(${name})`
    if (seen.has(name) && (valueFrom || value === reference || !value.includes(reference))) {
      const why = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`
      warnings.push(`${at}[${i}]: ${why}`)
    }
    seen.add(name)
  }
  return warnings
}

function fractionWarnings(list: Json, at: string): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const quantity = mapOf(list)[name]
    if (quantity === undefined || isWhole(quantity)) return []
    return [
      `${at}[${name}]: fractional byte value ${JSON.stringify(quantity)} is invalid, must be an integer`,
    ]
  })
}

function duplicateWarnings(list: Json, key: string, at: string): string[] {
  const seen = new Set<string>()
  return listOf(list).flatMap((item, i) => {
    const value = item[key] ?? ''
    if (seen.has(value)) return [`${at}[${i}].${key}: duplicate ${key} ${JSON.stringify(value)}`]
    seen.add(value)
    return []
  })
}
