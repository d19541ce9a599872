// The node's own look at a pod before it does anything for it: pods can be bound to a node by their names' sake, past
// the scheduler. CPU and memory are the scheduler's, which may promise more CPU than there is (groups are not strict
// unless they say so); pressure is met by eviction.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { Pod } from '../contract.ts'
import { matchesNode } from './node-match.ts'
import { forbiddenSysctl } from './sysctls.ts'

export interface Refusal {
  /** As Kubernetes says it: SysctlForbidden, NodeAffinity, NodePorts, OutOfpods, PodOSNotSupported. */
  reason: string
  message: string
}

export interface AdmissionOptions {
  /** All pods that are bound to the node. */
  pods(): Iterable<Pod>
  /** undefined: not known yet. */
  node(): KubeObject | undefined
}

const ENDED = ['Succeeded', 'Failed']
const ANY_ADDRESS = ['', '0.0.0.0', '::']

/** Whom it has let in once it lets in for ever: what a node's labels or other pods do later is not the pod's fault. */
export class PodAdmission {
  readonly #options: AdmissionOptions
  readonly #admitted = new Set<string>()

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** undefined: it may run. */
  refusalOf(pod: Pod): Refusal | undefined {
    const uid = pod.metadata.uid ?? ''
    if (this.#admitted.has(uid)) return undefined
    const refusal = wasAdmitted(pod) ? undefined : this.#refusalOf(pod, this.#others(uid))
    if (refusal === undefined) this.#admitted.add(uid)
    return refusal
  }

  #refusalOf(pod: Pod, others: readonly Pod[]): Refusal | undefined {
    const node = this.#options.node()
    const os = pod['spec'].os?.name ?? 'linux'
    if (os !== 'linux') {
      const message = "Failed to admit pod as the OS field doesn't match node OS"
      return { reason: 'PodOSNotSupported', message }
    }
    const sysctl = forbiddenSysctl(pod)
    if (sysctl !== undefined) return { reason: 'SysctlForbidden', message: sysctl }
    const capacity = Number(node?.['status']?.allocatable?.pods ?? Number.POSITIVE_INFINITY)
    if (others.length >= capacity) {
      const numbers = `requested: 1, used: ${others.length}, capacity: ${capacity}`
      return { reason: 'OutOfpods', message: `Node didn't have enough resource: pods, ${numbers}` }
    }
    if (node !== undefined && !matchesNode(pod, node)) {
      return failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")
    }
    const taken = others.flatMap(hostPortsOf)
    if (hostPortsOf(pod).some((port) => taken.some((other) => collides(port, other)))) {
      return failed('NodePorts', "node(s) didn't have free ports for the requested pod ports")
    }
    return undefined
  }

  /** Those that were let in and have not ended. Forgets those that are gone. */
  #others(uid: string): Pod[] {
    const known = new Set<string>()
    const others: Pod[] = []
    for (const pod of this.#options.pods()) {
      const other = pod.metadata.uid ?? ''
      known.add(other)
      if (other === uid || ENDED.includes(pod['status']?.phase)) continue
      if (this.#admitted.has(other) || wasAdmitted(pod)) others.push(pod)
    }
    for (const admitted of this.#admitted) if (!known.has(admitted)) this.#admitted.delete(admitted)
    return others
  }
}

/** By an agent before this one. */
function wasAdmitted({ status }: Pod): boolean {
  return status?.startTime !== undefined
}

function failed(predicate: string, why: string): Refusal {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${why}` }
}

interface HostPort {
  protocol: string
  ip: string
  port: number
}

function hostPortsOf({ spec }: Pod): HostPort[] {
  const sidecars = listOf(spec['initContainers']).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...listOf(spec['containers']), ...sidecars].flatMap(({ ports }) =>
    listOf(ports)
      .filter(({ hostPort }) => hostPort > 0)
      .map(({ protocol = 'TCP', hostIP = '', hostPort }) => ({ protocol, ip: hostIP, port: hostPort })),
  )
}

function collides(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false
  return a.ip === b.ip || ANY_ADDRESS.includes(a.ip) || ANY_ADDRESS.includes(b.ip)
}
