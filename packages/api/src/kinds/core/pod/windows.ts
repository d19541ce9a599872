// Rules that depend on the pod's operating system, and options that only Windows has.

import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../field-error.ts'
import { named } from '../../../validate/fields.ts'
import { byteLength, type Json, listOf } from '../../../validate/json.ts'
import { isDNS1123Subdomain } from '../../../validate/names.ts'

const MAX_CREDENTIAL_SPEC_BYTES = 64 * 1024
const NOT_ON_WINDOWS = 'cannot be set for a windows pod'
const POD_LINUX_FIELDS = ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace']
const POD_CONTEXT_LINUX_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
]
const CONTAINER_LINUX_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
]

/** `spec.os` and what it rules out. */
export function validateOs(spec: Json, field: string): FieldError[] {
  if (!spec.os) return []
  if (!spec.os.name) return [required(`${field}.os.name`, 'cannot be empty')]
  if (spec.os.name === 'linux')
    return forEachContext(spec, field, ['windowsOptions'], 'windows options cannot be set for a linux pod')
  if (spec.os.name !== 'windows') return [notSupported(`${field}.os`, spec.os.name, ['linux', 'windows'])]
  const errors = POD_LINUX_FIELDS.filter((name) => isSet(spec[name])).map((name) =>
    forbiddenField(`${field}.${name}`, NOT_ON_WINDOWS),
  )
  const pod = { securityContext: spec.securityContext }
  return errors.concat(
    forEachContext(pod, field, POD_CONTEXT_LINUX_FIELDS, NOT_ON_WINDOWS),
    forEachContext({ ...spec, securityContext: undefined }, field, CONTAINER_LINUX_FIELDS, NOT_ON_WINDOWS),
  )
}

export function validateWindowsOptions(options: Json, field: string): FieldError[] {
  if (!options) return []
  const errors: FieldError[] = []
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: credentials, runAsUserName: user } = options
  if (typeof name === 'string')
    errors.push(...named(`${field}.gmsaCredentialSpecName`, name, isDNS1123Subdomain))
  if (typeof credentials === 'string') {
    const at = `${field}.gmsaCredentialSpec`
    if (credentials === '') {
      errors.push(invalid(at, credentials, 'gmsaCredentialSpec cannot be an empty string'))
    } else if (byteLength(credentials) > MAX_CREDENTIAL_SPEC_BYTES) {
      errors.push(invalid(at, credentials, 'gmsaCredentialSpec size must be under 64 KiB'))
    }
  }
  if (typeof user !== 'string') return errors
  const at = `${field}.runAsUserName`
  if (user === '') errors.push(invalid(at, user, 'runAsUserName cannot be an empty string'))
  else if (/[\x00-\x1f\x7f]/.test(user)) {
    errors.push(invalid(at, user, 'runAsUserName cannot contain control characters'))
  } else if (user.split('\\').length > 2) {
    errors.push(invalid(at, user, 'runAsUserName cannot contain more than one backslash'))
  }
  return errors
}

/** All containers of a pod are host processes, or none. */
export function validateHostProcesses(spec: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const podWide = spec.securityContext?.windowsOptions?.hostProcess
  let containers = 0
  let hostProcesses = 0
  for (const { container, at } of allContainers(spec, field)) {
    containers += 1
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (isSet(podWide) && isSet(own) && podWide !== own) {
      const why = `pod hostProcess value must be identical if both are specified, was ${podWide}`
      errors.push(invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, why))
    }
    if ((own ?? podWide) === true) hostProcesses += 1
  }
  if (hostProcesses === 0) return errors
  if (hostProcesses !== containers) {
    const why =
      'If pod contains any hostProcess containers then all containers must be HostProcess containers'
    errors.push(invalid(field, '', why))
  }
  if (!spec.hostNetwork) {
    const why = 'hostNetwork must be true if pod contains any hostProcess containers'
    errors.push(invalid(`${field}.hostNetwork`, false, why))
  }
  return errors
}

/** Init containers first, as Kubernetes visits them. */
export function allContainers(spec: Json, field: string): { container: Json; at: string }[] {
  const all: { container: Json; at: string }[] = []
  for (const list of CONTAINER_LISTS) {
    const containers = listOf(spec[list])
    for (let i = 0; i < containers.length; i++) {
      all.push({ container: containers[i], at: `${field}.${list}[${i}]` })
    }
  }
  return all
}

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const

function forEachContext(spec: Json, field: string, names: string[], why: string): FieldError[] {
  const holders = [{ container: spec, at: field }, ...allContainers(spec, field)]
  return holders.flatMap(({ container, at }) =>
    names
      .filter((name) => isSet(container.securityContext?.[name]))
      .map((name) => forbiddenField(`${at}.securityContext.${name}`, why)),
  )
}

function isSet(value: Json): boolean {
  return value !== undefined && value !== null
}
