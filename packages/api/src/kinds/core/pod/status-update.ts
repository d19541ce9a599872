// PUT and PATCH of pods/status: what the node agent may report.

import { duplicate, type FieldError, forbiddenField, invalid } from '../../../field-error.ts'
import type { KubeObject } from '../../../object.ts'
import { named } from '../../../validate/fields.ts'
import { immutable } from '../../../validate/immutable.ts'
import { ipFamily, isIP } from '../../../validate/ip.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { isDNS1123Subdomain, isQualifiedName } from '../../../validate/names.ts'
import { validatePodAnnotationUpdates } from './annotations.ts'

const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized']

export function validatePodStatusUpdate(pod: KubeObject, old: KubeObject): FieldError[] {
  const status = pod['status'] ?? {}
  const before = old['status'] ?? {}
  const errors = validatePodAnnotationUpdates(pod.metadata.annotations, old.metadata.annotations)
  for (const [i, { type }] of listOf(status.conditions).entries()) {
    if (SYSTEM_CONDITIONS.includes(type)) continue
    errors.push(...named(`metadata.conditions[${i}].Type`, type ?? '', isQualifiedName))
  }
  const nominated = status.nominatedNodeName
  if (nominated && nominated !== before.nominatedNodeName) {
    errors.push(...named('status.nominatedNodeName', nominated, isDNS1123Subdomain))
  }
  errors.push(...immutable(status.qosClass, before.qosClass, 'status.qosClass'))
  const spec = old['spec'] ?? {}
  const sidecars = new Set(
    listOf(spec.initContainers)
      .filter((container) => container.restartPolicy === 'Always')
      .map((container) => container.name),
  )
  const none = new Set<string>()
  errors.push(
    ...validateTransitions('containerStatuses', status, before, spec.restartPolicy, none),
    ...validateTransitions('initContainerStatuses', status, before, spec.restartPolicy, sidecars),
    ...validateTransitions('ephemeralContainerStatuses', status, before, 'Never', none),
    ...validateIps(status.podIPs, 'status.podIPs'),
  )
  const hostIPs = listOf(status.hostIPs)
  if (hostIPs.length === 0) return errors
  if ((status.hostIP ?? '') !== hostIPs[0].ip) {
    errors.push(invalid('status.hostIPs[0].ip', hostIPs[0].ip, 'must be equal to `hostIP`'))
  }
  return errors.concat(validateIps(hostIPs, 'status.hostIPs'))
}

/** A container that has ended for good does not come back. */
function validateTransitions(
  name: string,
  status: Json,
  before: Json,
  restartPolicy: string,
  sidecars: ReadonlySet<string>,
): FieldError[] {
  if (restartPolicy === 'Always') return []
  const errors: FieldError[] = []
  for (const [i, old] of listOf(before[name]).entries()) {
    const ended = old.state?.terminated
    if (!ended || sidecars.has(old.name)) continue
    if (ended.exitCode !== 0 && restartPolicy === 'OnFailure') continue
    for (const now of listOf(status[name])) {
      if (now.name !== old.name || now.state?.terminated) continue
      const why = 'may not be transitioned to non-terminated state'
      errors.push(forbiddenField(`status.${name}[${i}].state`, why))
    }
  }
  return errors
}

/** One address of each family at most. */
function validateIps(list: Json, field: string): FieldError[] {
  const entries = listOf(list)
  const errors = entries.flatMap((entry, i) => named(`${field}[${i}]`, entry.ip ?? '', isIP))
  if (entries.length < 2) return errors
  const families = new Set(entries.map((entry) => ipFamily(entry.ip ?? '')))
  if (families.size !== 2 || entries.length > 2) {
    errors.push(invalid(field, list, 'may specify no more than one IP for each IP family'))
  }
  const seen = new Set<string>()
  for (const [i, entry] of entries.entries()) {
    if (seen.has(entry.ip)) errors.push(duplicate(`${field}[${i}]`, entry))
    seen.add(entry.ip)
  }
  return errors
}
