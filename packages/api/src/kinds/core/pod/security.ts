// Security contexts of containers and of the pod.

import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../field-error.ts'
import { unsupported } from '../../../validate/fields.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { isGroupId, isUserId } from '../../../validate/ports.ts'
import { validateDescendingPath } from './paths.ts'
import { validateWindowsOptions } from './windows.ts'

const MAX_APPARMOR_BYTES = 4095
const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined']
const SYSCTL_SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const SYSCTL = `^(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}$`
const sysctlPattern = new RegExp(SYSCTL)
const MAX_SYSCTL_LENGTH = 253
const IPC_SYSCTLS = /^(kernel[./](shm|msg|sem$)|fs[./]mqueue[./])/

/** `hostUsers`: the pod shares the host's user namespace (the default). */
export function validateContainerSecurity(context: Json, field: string, hostUsers: boolean): FieldError[] {
  if (!context) return []
  const errors = validateIds(context, field)
  if (context.procMount !== undefined && context.procMount !== null) {
    if (!['Default', 'Unmasked'].includes(context.procMount)) {
      errors.push(unsupported(`${field}.procMount`, context.procMount, ['Default', 'Unmasked']))
    }
    if (hostUsers && context.procMount === 'Unmasked') {
      const why = '`hostUsers` must be false to use `Unmasked`'
      errors.push(invalid(`${field}.procMount`, context.procMount, why))
    }
  }
  errors.push(...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`))
  if (context.allowPrivilegeEscalation === false) {
    const cannot = 'cannot set `allowPrivilegeEscalation` to false and '
    if (context.privileged === true) errors.push(invalid(field, context, `${cannot}\`privileged\` to true`))
    if (listOf(context.capabilities?.add).includes('CAP_SYS_ADMIN')) {
      errors.push(invalid(field, context, `${cannot}\`capabilities.Add\` CAP_SYS_ADMIN`))
    }
  }
  errors.push(...validateWindowsOptions(context.windowsOptions, `${field}.windowsOptions`))
  return errors.concat(validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`))
}

export function validatePodSecurity(spec: Json, field: string): FieldError[] {
  const context = spec.securityContext
  if (!context) return []
  const errors: FieldError[] = []
  if (typeof context.fsGroup === 'number') {
    errors.push(...isGroupId(context.fsGroup).map((m) => invalid(`${field}.fsGroup`, context.fsGroup, m)))
  }
  errors.push(...validateIds(context, field))
  for (const [i, group] of listOf(context.supplementalGroups).entries()) {
    errors.push(...isGroupId(group).map((m) => invalid(`${field}.supplementalGroups[${i}]`, group, m)))
  }
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const why = 'ShareProcessNamespace and HostPID cannot both be enabled'
    errors.push(invalid(`${field}.shareProcessNamespace`, true, why))
  }
  errors.push(...validateSysctls(spec, `${field}.sysctls`))
  errors.push(...choice(context, 'fsGroupChangePolicy', ['Always', 'OnRootMismatch'], field))
  errors.push(...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`))
  errors.push(...validateWindowsOptions(context.windowsOptions, `${field}.windowsOptions`))
  errors.push(...validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`))
  errors.push(...choice(context, 'supplementalGroupsPolicy', ['Merge', 'Strict'], field))
  return errors.concat(choice(context, 'seLinuxChangePolicy', ['MountOption', 'Recursive'], field))
}

/** A pod with user namespaces may not share the host's others. */
export function validateHostUsers(spec: Json, field: string): FieldError[] {
  if (spec.hostUsers !== false) return []
  const why = 'when `pod.Spec.HostUsers` is false'
  const errors: FieldError[] = []
  if (spec.hostNetwork) errors.push(forbiddenField(`${field}.hostNetwork`, why))
  if (spec.hostPID) errors.push(forbiddenField(`${field}.HostPID`, why))
  if (spec.hostIPC) errors.push(forbiddenField(`${field}.HostIPC`, why))
  return errors
}

function choice(context: Json, name: string, values: string[], field: string): FieldError[] {
  const value = context[name]
  if (value === undefined || value === null || values.includes(value)) return []
  return [notSupported(`${field}.${name}`, value, values)]
}

function validateIds(context: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (typeof context.runAsUser === 'number') {
    errors.push(
      ...isUserId(context.runAsUser).map((m) => invalid(`${field}.runAsUser`, context.runAsUser, m)),
    )
  }
  if (typeof context.runAsGroup === 'number') {
    const group = context.runAsGroup
    errors.push(...isGroupId(group).map((m) => invalid(`${field}.runAsGroup`, group, m)))
  }
  return errors
}

function validateSeccomp(profile: Json, field: string): FieldError[] {
  if (!profile) return []
  const errors: FieldError[] = []
  if (!profile.type) errors.push(required(`${field}.type`, 'type is required when seccompProfile is set'))
  else if (!PROFILE_TYPES.includes(profile.type)) {
    errors.push(unsupported(`${field}.type`, profile.type, PROFILE_TYPES))
  }
  const local = profile.localhostProfile
  const given = local !== undefined && local !== null
  const at = `${field}.localhostProfile`
  if (profile.type === 'Localhost') {
    if (!given) errors.push(required(at, 'must be set when seccomp type is Localhost'))
    else errors.push(...validateDescendingPath(local, at))
  } else if (given) errors.push(invalid(at, profile, 'can only be set when seccomp type is Localhost'))
  return errors
}

function validateAppArmor(profile: Json, field: string): FieldError[] {
  if (!profile) return []
  const local = profile.localhostProfile
  const at = `${field}.localhostProfile`
  if (!profile.type) return [required(`${field}.type`, 'type is required when appArmorProfile is set')]
  if (!PROFILE_TYPES.includes(profile.type))
    return [unsupported(`${field}.type`, profile.type, PROFILE_TYPES)]
  if (profile.type !== 'Localhost') {
    if (local === undefined || local === null) return []
    return [invalid(at, local, 'can only be set when AppArmor type is Localhost')]
  }
  const missing = required(at, 'must be set when AppArmor type is Localhost')
  if (local === undefined || local === null) return [missing]
  const errors: FieldError[] = []
  if (local.trim() !== local) errors.push(invalid(at, local, 'must not be padded with whitespace'))
  else if (local === '') errors.push(missing)
  if (local.length > MAX_APPARMOR_BYTES) errors.push(tooLong(at, MAX_APPARMOR_BYTES))
  return errors
}

function validateSysctls(spec: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, { name }] of listOf(spec.securityContext.sysctls).entries()) {
    const at = `${field}[${i}].name`
    if (!name) errors.push(required(at))
    else if (name.length > MAX_SYSCTL_LENGTH || !sysctlPattern.test(name)) {
      const why = `must have at most ${MAX_SYSCTL_LENGTH} characters and match regex ${SYSCTL}`
      errors.push(invalid(at, name, why))
    } else if (names.has(name)) errors.push(duplicate(at, name))
    if (spec.hostNetwork && /^net[./]/.test(name)) {
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
    } else if (spec.hostIPC && IPC_SYSCTLS.test(name)) {
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"))
    }
    names.add(name)
  }
  return errors
}
