// Seccomp and AppArmor: the container's profile, else the pod's, else the default.

import { join } from 'node:path'
import { APPARMOR_CONTAINER } from '@brume/api/kinds/core/pod/annotations'
import type { Json } from '@brume/api/validate/json'
import type { ContainerSpec, Pod } from '../contract.ts'
import { PROFILE_LOCALHOST, PROFILE_RUNTIME_DEFAULT, PROFILE_UNCONFINED } from '../cri/enums.ts'
import type { Message } from '../cri/messages.ts'
import { configProblem } from './config-problem.ts'
import type { NodeSettings } from './settings.ts'

type Profile = Message<'SecurityProfile'>

export function seccompOf(
  pod: Pod,
  container: ContainerSpec,
  { seccompDir, seccompDefault }: Pick<NodeSettings, 'seccompDir' | 'seccompDefault'>,
): Profile {
  const chosen: Json =
    container['securityContext']?.seccompProfile ?? pod['spec'].securityContext?.seccompProfile
  if (chosen === undefined) {
    return { profileType: seccompDefault ? PROFILE_RUNTIME_DEFAULT : PROFILE_UNCONFINED }
  }
  if (chosen.type === 'RuntimeDefault') return { profileType: PROFILE_RUNTIME_DEFAULT }
  if (chosen.type !== 'Localhost') return { profileType: PROFILE_UNCONFINED }
  if (!chosen.localhostProfile) {
    throw configProblem('localhostProfile must be set if seccompProfile type is Localhost.')
  }
  return { profileType: PROFILE_LOCALHOST, localhostRef: join(seccompDir, chosen.localhostProfile) }
}

/** undefined: the runtime's own default, where the kernel has AppArmor. */
export function appArmorOf(pod: Pod, container: ContainerSpec): Profile | undefined {
  const chosen: Json =
    container['securityContext']?.appArmorProfile ??
    fromAnnotation(pod, container.name) ??
    pod['spec'].securityContext?.appArmorProfile
  switch (chosen?.type) {
    case undefined:
      return undefined
    case 'RuntimeDefault':
      return { profileType: PROFILE_RUNTIME_DEFAULT }
    case 'Unconfined':
      return { profileType: PROFILE_UNCONFINED }
    case 'Localhost':
      if (!chosen.localhostProfile) throw configProblem('missing localhost apparmor profile name')
      return { profileType: PROFILE_LOCALHOST, localhostRef: chosen.localhostProfile }
    default:
      throw configProblem(`unknown apparmor profile type: ${JSON.stringify(chosen.type)}`)
  }
}

/** The old form, which static pods may still have alone. */
function fromAnnotation(pod: Pod, container: string): Json {
  const text = pod.metadata.annotations?.[`${APPARMOR_CONTAINER}${container}`]
  if (text === 'runtime/default') return { type: 'RuntimeDefault' }
  if (text === 'unconfined') return { type: 'Unconfined' }
  const local = 'localhost/'
  return text?.startsWith(local)
    ? { type: 'Localhost', localhostProfile: text.slice(local.length) }
    : undefined
}
