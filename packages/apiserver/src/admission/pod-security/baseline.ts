// The baseline level: nothing that is a known way out of a container.

import { containersOf } from '../../auth/authorizers/pod-references.ts'
import type { Json } from '../request.ts'
import {
  type Check,
  containersWhere,
  joinQuoted,
  plural,
  sortedUnique,
  theContainers,
  whoSets,
} from './check.ts'

const CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]
/** Sysctl -> minor version whose policy first allows it. */
const SYSCTLS: Readonly<Record<string, number>> = {
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
}
const SELINUX_TYPES: Readonly<Record<string, number>> = {
  '': 0,
  container_t: 0,
  container_init_t: 0,
  container_kvm_t: 0,
  container_engine_t: 31,
}
const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/'
const PROFILES = ['RuntimeDefault', 'Localhost']

const appArmorProfile: Check = {
  id: 'appArmorProfile',
  since: 0,
  run(pod) {
    const isBad = (context: Json) => isBadProfile(context?.appArmorProfile)
    const containers = containersWhere(pod, (one) => isBad(one.securityContext))
    const annotations = Object.entries(pod.metadata.annotations ?? {})
      .filter(([key, value]) => key.startsWith(APPARMOR_ANNOTATION) && !isGoodAnnotation(value))
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const setters = [
      ...(isBad(pod.spec.securityContext) ? ['pod'] : []),
      ...(containers.length > 0 ? [theContainers(containers)] : []),
      ...(annotations.length > 0
        ? [`${plural(annotations, 'annotation')} ${joinQuoted(annotations.map(([key]) => key))}`]
        : []),
    ]
    if (setters.length === 0) return undefined
    const contexts = [pod.spec.securityContext, ...containersOf(pod.spec).map((one) => one.securityContext)]
    const types = contexts.filter(isBad).map((context) => String(context.appArmorProfile.type ?? ''))
    const values = sortedUnique([...types, ...annotations.map(([, value]) => value)])
    return {
      reason: plural(values, 'forbidden AppArmor profile'),
      detail: `${setters.join(' and ')} must not set AppArmor profile type to ${joinQuoted(values)}`,
    }
  },
}

const capabilities: Check = {
  id: 'capabilities_baseline',
  since: 0,
  run(pod) {
    const forbidden = (one: Json): string[] =>
      (one.securityContext?.capabilities?.add ?? []).filter((name: string) => !CAPABILITIES.includes(name))
    const containers = containersWhere(pod, (one) => forbidden(one).length > 0)
    if (containers.length === 0) return undefined
    const added = joinQuoted(sortedUnique(containersOf(pod.spec).flatMap(forbidden)))
    return {
      reason: 'non-default capabilities',
      detail: `${theContainers(containers)} must not include ${added} in securityContext.capabilities.add`,
    }
  },
}

const hostNamespaces: Check = {
  id: 'hostNamespaces',
  since: 0,
  run({ spec }) {
    const set = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field] === true)
    if (set.length === 0) return undefined
    return { reason: 'host namespaces', detail: set.map((field) => `${field}=true`).join(', ') }
  },
}

const hostPathVolumes: Check = {
  id: 'hostPathVolumes',
  since: 0,
  run({ spec }) {
    const volumes: string[] = (spec.volumes ?? [])
      .filter((volume: Json) => volume.hostPath !== undefined)
      .map((volume: Json) => String(volume.name))
    if (volumes.length === 0) return undefined
    return { reason: 'hostPath volumes', detail: `${plural(volumes, 'volume')} ${joinQuoted(volumes)}` }
  },
}

const hostPorts: Check = {
  id: 'hostPorts',
  since: 0,
  run(pod) {
    const portsOf = (one: Json): string[] =>
      (one.ports ?? []).flatMap(({ hostPort = 0 }: Json) => (hostPort === 0 ? [] : [String(hostPort)]))
    const containers = containersWhere(pod, (one) => portsOf(one).length > 0)
    if (containers.length === 0) return undefined
    const ports = sortedUnique(containersOf(pod.spec).flatMap(portsOf))
    const verb = containers.length === 1 ? 'uses' : 'use'
    const which = `${plural(ports, 'hostPort')} ${ports.join(', ')}`
    return { reason: 'hostPort', detail: `${theContainers(containers)} ${verb} ${which}` }
  },
}

const privileged: Check = {
  id: 'privileged',
  since: 0,
  run(pod) {
    const containers = containersWhere(pod, (one) => one.securityContext?.privileged === true)
    if (containers.length === 0) return undefined
    return {
      reason: 'privileged',
      detail: `${theContainers(containers)} must not set securityContext.privileged=true`,
    }
  },
}

const procMount: Check = {
  id: 'procMount',
  since: 0,
  run(pod) {
    const isBad = (one: Json) => (one.securityContext?.procMount ?? 'Default') !== 'Default'
    const containers = containersWhere(pod, isBad)
    if (containers.length === 0) return undefined
    const types = sortedUnique(
      containersOf(pod.spec)
        .filter(isBad)
        .map((one) => one.securityContext.procMount),
    )
    return {
      reason: 'procMount',
      detail: `${theContainers(containers)} must not set securityContext.procMount to ${joinQuoted(types)}`,
    }
  },
}

const seLinuxOptions: Check = {
  id: 'seLinuxOptions',
  since: 0,
  run(pod, minor) {
    const isGoodType = (type: string) => isKnown(SELINUX_TYPES, type, minor)
    const isBad = (context: Json) => {
      const { type = '', user = '', role = '' } = context?.seLinuxOptions ?? {}
      return !isGoodType(type) || user !== '' || role !== ''
    }
    const containers = containersWhere(pod, (one) => isBad(one.securityContext))
    const who = whoSets(isBad(pod.spec.securityContext), containers)
    if (who === undefined) return undefined
    const contexts = [pod.spec.securityContext, ...containersOf(pod.spec).map((one) => one.securityContext)]
    const options: Json[] = contexts.flatMap((context) => context?.seLinuxOptions ?? [])
    const types = sortedUnique(options.map(({ type = '' }) => type).filter((type) => !isGoodType(type)))
    const what = [
      ...(types.length > 0 ? [`${plural(types, 'type')} ${joinQuoted(types)}`] : []),
      ...(options.some(({ user = '' }) => user !== '') ? ['user may not be set'] : []),
      ...(options.some(({ role = '' }) => role !== '') ? ['role may not be set'] : []),
    ]
    return {
      reason: 'seLinuxOptions',
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
    }
  },
}

const seccompProfile: Check = {
  id: 'seccompProfile_baseline',
  since: 19,
  run: (pod) => badSeccompProfile(pod),
}

const sysctls: Check = {
  id: 'sysctls',
  since: 0,
  run({ spec }, minor) {
    const names: string[] = (spec.securityContext?.sysctls ?? [])
      .map(({ name }: Json) => String(name))
      .filter((name: string) => !isKnown(SYSCTLS, name, minor))
    return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') }
  },
}

const windowsHostProcess: Check = {
  id: 'windowsHostProcess',
  since: 0,
  run(pod) {
    const isSet = (context: Json) => context?.windowsOptions?.hostProcess === true
    const containers = containersWhere(pod, (one) => isSet(one.securityContext))
    const who = whoSets(isSet(pod.spec.securityContext), containers)
    if (who === undefined) return undefined
    return {
      reason: 'hostProcess',
      detail: `${who} must not set securityContext.windowsOptions.hostProcess=true`,
    }
  },
}

/** By id, as the reasons are listed. */
export const BASELINE_CHECKS: readonly Check[] = [
  appArmorProfile,
  capabilities,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  privileged,
  procMount,
  seLinuxOptions,
  seccompProfile,
  sysctls,
  windowsHostProcess,
]

/** Who sets a seccomp profile that is neither the runtime's nor a local one. */
export function badSeccompProfile(pod: Parameters<Check['run']>[0]): ReturnType<Check['run']> {
  const isBad = (context: Json) => isBadProfile(context?.seccompProfile)
  const containers = containersWhere(pod, (one) => isBad(one.securityContext))
  const who = whoSets(isBad(pod.spec.securityContext), containers)
  if (who === undefined) return undefined
  const contexts = [pod.spec.securityContext, ...containersOf(pod.spec).map((one) => one.securityContext)]
  const types = sortedUnique(
    contexts.filter(isBad).map((context) => String(context.seccompProfile.type ?? '')),
  )
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${joinQuoted(types)}`,
  }
}

function isBadProfile(profile: Json): boolean {
  return profile !== undefined && profile !== null && !PROFILES.includes(profile.type)
}

function isGoodAnnotation(value: string): boolean {
  return value === '' || value === 'runtime/default' || value.startsWith('localhost/')
}

function isKnown(since: Readonly<Record<string, number>>, name: string, minor: number): boolean {
  return Object.hasOwn(since, name) && since[name]! <= minor
}
