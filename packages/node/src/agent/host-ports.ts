// Which ports of the machine lead to which pods, as the network is told them. Pure but for what it remembers.

import { listOf } from '@brume/api/validate/json'
import type { Pod } from '../contract.ts'
import type { HostPort } from '../network/nft-rules.ts'

export class HostPorts {
  readonly #byPod = new Map<string, readonly HostPort[]>()
  /** Pods whose ports the network was told of without success. */
  readonly #unset = new Set<string>()
  readonly #set: (ports: readonly HostPort[]) => Promise<void>

  constructor(set: (ports: readonly HostPort[]) => Promise<void>) {
    this.#set = set
  }

  /** The pod is as it is now; undefined: it is gone. Tells the network only of changes. */
  async update(uid: string, pod: Pod | undefined, podIp: string | undefined): Promise<void> {
    const before = this.#byPod.get(uid) ?? []
    const ports = pod === undefined || podIp === undefined ? [] : hostPortsOf(pod, podIp)
    if (JSON.stringify(before) === JSON.stringify(ports) && !this.#unset.has(uid)) return
    if (ports.length === 0) this.#byPod.delete(uid)
    else this.#byPod.set(uid, ports)
    this.#unset.add(uid)
    await this.#set([...this.#byPod.values()].flat())
    this.#unset.delete(uid)
  }
}

export function hostPortsOf(pod: Pod, podIp: string): HostPort[] {
  const { spec } = pod
  if (spec['hostNetwork'] === true) return []
  const containers = [...listOf(spec['initContainers']), ...listOf(spec['containers'])]
  return containers.flatMap((container) =>
    listOf(container.ports)
      .filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0)
      .map(({ protocol = 'TCP', hostPort, hostIP, containerPort }) => ({
        protocol,
        hostPort,
        hostIp: hostIP,
        podIp,
        containerPort,
      })),
  )
}
