// The restricted level: what baseline asks, and current practice for hardening pods on top.

import { containersOf } from '../../auth/authorizers/pod-references.ts'
import type { Json } from '../request.ts'
import { badSeccompProfile } from './baseline.ts'
import {
  type Check,
  containersWhere,
  isWindows,
  joinQuoted,
  plural,
  sortedUnique,
  theContainers,
  whoSets,
} from './check.ts'

/** From this policy on, what only Linux has is not asked of Windows pods. */
const WINDOWS_SINCE = 25
const ALLOWED_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]
const NAMED_VOLUMES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
]

const allowPrivilegeEscalation: Check = {
  id: 'allowPrivilegeEscalation',
  since: 8,
  run(pod, minor) {
    if (minor >= WINDOWS_SINCE && isWindows(pod)) return undefined
    const containers = containersWhere(pod, (one) => one.securityContext?.allowPrivilegeEscalation !== false)
    if (containers.length === 0) return undefined
    return {
      reason: 'allowPrivilegeEscalation != false',
      detail: `${theContainers(containers)} must set securityContext.allowPrivilegeEscalation=false`,
    }
  },
}

const capabilities: Check = {
  id: 'capabilities_restricted',
  since: 22,
  overrides: ['capabilities_baseline'],
  run(pod, minor) {
    if (minor >= WINDOWS_SINCE && isWindows(pod)) return undefined
    const listOf = (one: Json, field: 'add' | 'drop'): string[] =>
      one.securityContext?.capabilities?.[field] ?? []
    const forbidden = (one: Json) => listOf(one, 'add').filter((name) => name !== 'NET_BIND_SERVICE')
    const keeping = containersWhere(pod, (one) => !listOf(one, 'drop').includes('ALL'))
    const adding = containersWhere(pod, (one) => forbidden(one).length > 0)
    const details: string[] = []
    if (keeping.length > 0) {
      details.push(`${theContainers(keeping)} must set securityContext.capabilities.drop=["ALL"]`)
    }
    if (adding.length > 0) {
      const added = joinQuoted(sortedUnique(containersOf(pod.spec).flatMap(forbidden)))
      details.push(`${theContainers(adding)} must not include ${added} in securityContext.capabilities.add`)
    }
    return details.length === 0
      ? undefined
      : { reason: 'unrestricted capabilities', detail: details.join('; ') }
  },
}

const restrictedVolumes: Check = {
  id: 'restrictedVolumes',
  since: 0,
  overrides: ['hostPathVolumes'],
  run({ spec }) {
    const bad: Json[] = (spec.volumes ?? []).filter(
      (volume: Json) => !ALLOWED_VOLUMES.some((type) => volume[type] !== undefined),
    )
    if (bad.length === 0) return undefined
    const types = sortedUnique(
      bad.map((volume) => NAMED_VOLUMES.find((type) => volume[type] !== undefined) ?? 'unknown'),
    )
    const names = joinQuoted(bad.map((volume) => String(volume.name)))
    const verb = bad.length === 1 ? 'uses' : 'use'
    const what = `${plural(types, 'restricted volume type')} ${joinQuoted(types)}`
    return { reason: 'restricted volume types', detail: `${plural(bad, 'volume')} ${names} ${verb} ${what}` }
  },
}

const runAsNonRoot: Check = {
  id: 'runAsNonRoot',
  since: 0,
  run(pod) {
    const ofPod = pod.spec.securityContext?.runAsNonRoot
    const explicit = containersWhere(pod, (one) => one.securityContext?.runAsNonRoot === false)
    const who = whoSets(ofPod === false, explicit)
    const reason = 'runAsNonRoot != true'
    if (who !== undefined) return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` }
    if (ofPod === true) return undefined
    const silent = containersWhere(pod, (one) => one.securityContext?.runAsNonRoot !== true)
    if (silent.length === 0) return undefined
    return { reason, detail: `pod or ${theContainers(silent)} must set securityContext.runAsNonRoot=true` }
  },
}

const runAsUser: Check = {
  id: 'runAsUser',
  since: 23,
  run(pod) {
    const isRoot = (context: Json) => context?.runAsUser === 0
    const containers = containersWhere(pod, (one) => isRoot(one.securityContext))
    const who = whoSets(isRoot(pod.spec.securityContext), containers)
    return who === undefined
      ? undefined
      : { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` }
  },
}

const seccompProfile: Check = {
  id: 'seccompProfile_restricted',
  since: 19,
  overrides: ['seccompProfile_baseline'],
  run(pod, minor) {
    if (minor >= WINDOWS_SINCE && isWindows(pod)) return undefined
    const bad = badSeccompProfile(pod)
    if (bad !== undefined || pod.spec.securityContext?.seccompProfile != null) return bad
    const silent = containersWhere(pod, (one) => one.securityContext?.seccompProfile == null)
    if (silent.length === 0) return undefined
    return {
      reason: 'seccompProfile',
      detail: `pod or ${theContainers(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
    }
  },
}

/** By id, as the reasons are listed. */
export const RESTRICTED_CHECKS: readonly Check[] = [
  allowPrivilegeEscalation,
  capabilities,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompProfile,
]
