// The container's security context over the pod's, as the runtime wants it.

import { type Json, listOf } from '@brume/api/validate/json'
import type { ContainerSpec, ImageUser, Pod } from '../contract.ts'
import type { Message } from '../cri/messages.ts'
import { configProblem } from './config-problem.ts'
import { podText } from './names.ts'
import { namespacesOf } from './namespaces.ts'
import { appArmorOf, seccompOf } from './profiles.ts'
import type { NodeSettings } from './settings.ts'

/** Of procMount Default. Source: Kubernetes' pkg/securitycontext, which follows moby's oci/defaults. */
export const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
export const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

const GROUPS_POLICY: Readonly<Record<string, number>> = { Merge: 0, Strict: 1 }

/** Fields that both the pod and a container have; the container's win one by one. */
const SHARED = ['seLinuxOptions', 'runAsUser', 'runAsGroup', 'runAsNonRoot']

export interface SecurityOptions {
  pod: Pod
  container: ContainerSpec
  imageUser: ImageUser
  settings: Pick<NodeSettings, 'seccompDir' | 'seccompDefault'>
  targetContainerId?: string
}

/** Throws PodProblem CreateContainerConfigError when the container must not run as the user it would run as. */
export function containerSecurityOf(options: SecurityOptions): Message<'LinuxContainerSecurityContext'> {
  const { pod, container, imageUser, settings, targetContainerId } = options
  const own = effectiveContext(pod, container)
  verifyNonRoot(own, options)
  const unmasked = own.procMount === 'Unmasked'
  const { capabilities } = own
  return {
    capabilities: capabilities && {
      addCapabilities: listOf(capabilities.add),
      dropCapabilities: listOf(capabilities.drop),
    },
    privileged: own.privileged === true,
    namespaceOptions: namespacesOf(pod, targetContainerId),
    selinuxOptions: seLinuxOf(own.seLinuxOptions),
    ...userOf(own, imageUser),
    runAsGroup: int64(own.runAsGroup),
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    supplementalGroups: supplementalGroupsOf(pod),
    supplementalGroupsPolicy: groupsPolicyOf(pod),
    noNewPrivs: own.allowPrivilegeEscalation === false,
    maskedPaths: unmasked ? [] : MASKED_PATHS,
    readonlyPaths: unmasked ? [] : READONLY_PATHS,
    seccomp: seccompOf(pod, container, settings),
    apparmor: appArmorOf(pod, container),
  }
}

export function seLinuxOf(options: Json): Message<'SELinuxOption'> | undefined {
  if (options === undefined) return undefined
  const { user, role, type, level } = options
  return { user, role, type, level }
}

/** fsGroup first: files of the pod's volumes belong to it. */
export function supplementalGroupsOf(pod: Pod): number[] {
  const { fsGroup, supplementalGroups } = pod['spec'].securityContext ?? {}
  return [...(fsGroup === undefined ? [] : [fsGroup]), ...listOf(supplementalGroups)]
}

function groupsPolicyOf(pod: Pod): number | undefined {
  const policy = pod['spec'].securityContext?.supplementalGroupsPolicy
  return policy === undefined ? undefined : GROUPS_POLICY[policy]
}

export function int64(value: number | undefined): Message<'Int64Value'> | undefined {
  return value === undefined ? undefined : { value }
}

function effectiveContext(pod: Pod, container: ContainerSpec): Json {
  const ofPod: Json = pod['spec'].securityContext ?? {}
  const inherited = Object.fromEntries(SHARED.map((name) => [name, ofPod[name]]))
  const own = Object.entries(container['securityContext'] ?? {}).filter(([, value]) => value !== undefined)
  return { ...inherited, ...Object.fromEntries(own) }
}

/** The image's user counts where the pod says nothing; a number is told, a name is looked up by the runtime. */
function userOf(own: Json, { uid, username }: ImageUser): Message<'LinuxContainerSecurityContext'> {
  if (own.runAsUser !== undefined) return { runAsUser: { value: own.runAsUser } }
  if (uid !== undefined) return { runAsUser: { value: uid } }
  return username ? { runAsUsername: username } : { runAsUser: { value: 0 } }
}

function verifyNonRoot(own: Json, { pod, container, imageUser: { uid, username } }: SecurityOptions): void {
  if (own.runAsNonRoot !== true) return
  const where = `(pod: ${JSON.stringify(podText(pod))}, container: ${container.name})`
  const refuse = (why: string) => {
    throw configProblem(why)
  }
  if (own.runAsUser !== undefined) {
    if (own.runAsUser === 0) refuse(`container's runAsUser breaks non-root policy ${where}`)
  } else if (uid === 0 || (uid === undefined && !username)) {
    refuse(`container has runAsNonRoot and image will run as root ${where}`)
  } else if (uid === undefined) {
    refuse(
      `container has runAsNonRoot and image has non-numeric user (${username}), cannot verify user is non-root ${where}`,
    )
  }
}
