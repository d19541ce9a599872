// Which ports of the machine lead to which pods, as the network is told them. Pure but for what it remembers.

import { listOf } from '@brume/api/validate/json'
import type { Pod } from '../contract.ts'
import type { HostPort } from '../network/nft-rules.ts'

export interface HostPortsOptions {
  set(ports: readonly HostPort[]): Promise<void>
  /** TCP ports at which the node itself is reached. */
  ownPorts(): readonly number[]
  onRefused(pod: Pod, message: string): void
}

export class HostPorts {
  readonly #byPod = new Map<string, readonly HostPort[]>()
  /** Pods whose ports the network was told of without success. */
  readonly #unset = new Set<string>()
  readonly #refused = new Map<string, string>()
  readonly #options: HostPortsOptions

  constructor(options: HostPortsOptions) {
    this.#options = options
  }

  /** The pod is as it is now; undefined: it is gone. Tells the network only of changes. */
  async update(uid: string, pod: Pod | undefined, podIps: readonly string[]): Promise<void> {
    const before = this.#byPod.get(uid) ?? []
    const wanted = pod === undefined ? [] : podIps.flatMap((podIp) => hostPortsOf(pod, podIp))
    const ports = this.#allowed(uid, pod, wanted)
    if (JSON.stringify(before) === JSON.stringify(ports) && !this.#unset.has(uid)) return
    if (ports.length === 0) this.#byPod.delete(uid)
    else this.#byPod.set(uid, ports)
    this.#unset.add(uid)
    await this.#options.set([...this.#byPod.values()].flat())
    this.#unset.delete(uid)
  }

  /** What is led to a pod no longer reaches the node: neither its ssh nor the API may be a pod's. Said once. */
  #allowed(uid: string, pod: Pod | undefined, wanted: readonly HostPort[]): readonly HostPort[] {
    const own = wanted.length === 0 ? [] : this.#options.ownPorts()
    const isRefused = ({ protocol, hostPort }: HostPort) => protocol === 'TCP' && own.includes(hostPort)
    const refused = [...new Set(wanted.filter(isRefused).map(({ hostPort }) => hostPort))]
    const before = this.#refused.get(uid) ?? ''
    if (pod === undefined || refused.length === 0) this.#refused.delete(uid)
    else this.#refused.set(uid, refused.join(', '))
    if (pod !== undefined && refused.length > 0 && before !== refused.join(', ')) {
      const message = `hostPort ${refused.join(', ')} is the node's own and does not lead to the pod; use another hostPort`
      this.#options.onRefused(pod, message)
    }
    return wanted.filter((port) => !isRefused(port))
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
