// A pod as the runtime's sandbox: names, network, namespaces, and what holds for all of its containers.

import { podLimits, podRequests } from '@brume/api/quota/pod-resources'
import { type Json, listOf } from '@brume/api/validate/json'
import type { Pod } from '../contract.ts'
import type { SandboxConfig } from '../cri/cri.ts'
import { PROTOCOLS } from '../cri/enums.ts'
import type { Message } from '../cri/messages.ts'
import { podCgroup } from './cgroup-config.ts'
import { podDns } from './dns.ts'
import { kernelHostname, podHostname } from './hostname.ts'
import { podLabels, podLogDir, podNames } from './names.ts'
import { namespacesOf } from './namespaces.ts'
import { linuxResourcesOf } from './resources.ts'
import { sandboxSeccompOf } from './sandbox-profile.ts'
import { int64, seLinuxOf, supplementalGroupsOf } from './security.ts'
import type { NodeSettings } from './settings.ts'

/** `attempt`: how many sandboxes the pod had before. Throws PodProblem for a host name that cannot be. */
export function sandboxConfigOf(pod: Pod, attempt: number, settings: NodeSettings): SandboxConfig {
  const { spec } = pod
  const ports = spec['containers'].concat(listOf(spec['initContainers']).filter(isSidecar)).flatMap(portsOf)
  return {
    metadata: { ...podNames(pod), attempt },
    hostname:
      spec['hostNetwork'] === true ? '' : kernelHostname(pod, podHostname(pod, settings.clusterDomain)),
    logDirectory: podLogDir(settings.logsDir, pod),
    dnsConfig: podDns(pod, settings).config,
    portMappings: ports,
    labels: podLabels(pod),
    annotations: { ...pod.metadata.annotations },
    linux: linuxOf(pod, settings),
  }
}

function linuxOf(pod: Pod, settings: NodeSettings): Message<'LinuxPodSandboxConfig'> {
  const { spec } = pod
  const own: Json = spec['securityContext'] ?? {}
  const overhead = spec['overhead']
  const bare = { ...pod, spec: { ...spec, overhead: undefined } }
  return {
    cgroupParent: podCgroup(settings.cgroups.root, pod),
    sysctls: Object.fromEntries(listOf(own.sysctls).map(({ name, value }) => [name, value])),
    securityContext: {
      namespaceOptions: namespacesOf(pod),
      selinuxOptions: seLinuxOf(own.seLinuxOptions),
      runAsUser: int64(own.runAsUser),
      // The runtime refuses a group without a user; it is the sandbox's own process that this is about.
      runAsGroup: own.runAsUser === undefined ? undefined : int64(own.runAsGroup),
      supplementalGroups: supplementalGroupsOf(pod),
      privileged: everyContainer(pod).some((container) => container.securityContext?.privileged === true),
      seccomp: sandboxSeccompOf(pod, settings),
    },
    resources: linuxResourcesOf(podRequests(bare), podLimits(bare), settings),
    overhead: overhead === undefined ? {} : linuxResourcesOf(overhead, overhead, settings),
  }
}

function isSidecar({ restartPolicy }: Json): boolean {
  return restartPolicy === 'Always'
}

function everyContainer({ spec }: Pod): Json[] {
  return [
    ...listOf(spec['initContainers']),
    ...listOf(spec['containers']),
    ...listOf(spec['ephemeralContainers']),
  ]
}

/** A port that is written twice counts once. */
function portsOf({ ports }: Json): Message<'PortMapping'>[] {
  const seen = new Set<string>()
  const mappings: Message<'PortMapping'>[] = []
  for (const { name, protocol = 'TCP', containerPort, hostPort = 0, hostIP = '' } of listOf(ports)) {
    const id = name || `${protocol}-${hostIP}:${containerPort}:${hostPort}`
    if (seen.has(id)) continue
    seen.add(id)
    mappings.push({ protocol: PROTOCOLS[protocol] ?? 0, containerPort, hostPort, hostIp: hostIP })
  }
  return mappings
}
