// Why a node is no place for a pod: sentences in Kubernetes' words, as small numbers that fit a typed array.

export interface Reason {
  /** As it stands in "0/3 nodes are available: 2 ...". */
  readonly text: string
  /** Whether the going of other pods could change it. */
  readonly preemptable: boolean
  /** What would change it, in the imperative. */
  readonly remedy: string
}

/** 0: no objection. */
export const FITS = 0
/** The amounts are looked up only when a pod fits nowhere. */
export const RESOURCES = 1
export const PORTS = 2
export const VOLUME_CONFLICT = 3
export const SPREAD_LABEL = 4
export const SPREAD = 5
export const AFFINITY = 6
export const ANTI_AFFINITY = 7
export const EXISTING_ANTI_AFFINITY = 8
export const UNSCHEDULABLE = 9
export const NODE_NAME = 10
export const NODE_AFFINITY = 11
export const OTHER_NODES = 12
export const VOLUME_GONE = 13
/** More than the node has when it is empty. */
export const TOO_LARGE = 14
/** The row of a node that went. */
export const NO_NODE = 15
/** A claim that one pod may use at a time. */
export const VOLUME_IN_USE = 16
/** Nothing there to bind, and nobody who makes it. */
export const VOLUME_UNAVAILABLE = 17

/** Codes are 16 bits wide. */
const MAX_REASONS = 65_000

const FIXED: readonly (Reason & { code: number })[] = [
  {
    code: FITS,
    text: '',
    preemptable: false,
    remedy: '',
  },
  {
    code: RESOURCES,
    text: 'Insufficient resources',
    preemptable: true,
    remedy: 'ask for less or add a node',
  },
  {
    code: PORTS,
    text: "node(s) didn't have free ports for the requested pod ports",
    preemptable: true,
    remedy: 'ask for other host ports, or free them',
  },
  {
    code: VOLUME_CONFLICT,
    text: 'node(s) had volume node affinity conflict',
    preemptable: false,
    remedy: 'allow the nodes where the volume is',
  },
  {
    code: SPREAD_LABEL,
    text: "node(s) didn't match pod topology spread constraints (missing required label)",
    preemptable: false,
    remedy: "label the nodes with the spread constraint's topologyKey",
  },
  {
    code: SPREAD,
    text: "node(s) didn't match pod topology spread constraints",
    preemptable: true,
    remedy: 'raise maxSkew or make room in the emptier domains',
  },
  {
    code: AFFINITY,
    text: "node(s) didn't match pod affinity rules",
    preemptable: false,
    remedy: 'start a pod that the affinity asks for, or loosen it',
  },
  {
    code: ANTI_AFFINITY,
    text: "node(s) didn't match pod anti-affinity rules",
    preemptable: true,
    remedy: 'add a node without the pods that it avoids, or loosen its anti-affinity',
  },
  {
    code: EXISTING_ANTI_AFFINITY,
    text: "node(s) didn't satisfy existing pods anti-affinity rules",
    preemptable: true,
    remedy: 'add a node without the pods that avoid it',
  },
  {
    code: UNSCHEDULABLE,
    text: 'node(s) were unschedulable',
    preemptable: false,
    remedy: 'uncordon a node',
  },
  {
    code: NODE_NAME,
    text: "node(s) didn't match the requested node name",
    preemptable: false,
    remedy: 'name a node that exists',
  },
  {
    code: NODE_AFFINITY,
    text: "node(s) didn't match Pod's node affinity/selector",
    preemptable: false,
    remedy: "label a node as the pod's node selector and affinity ask, or loosen them",
  },
  {
    code: OTHER_NODES,
    text: "node(s) didn't satisfy plugin(s) [NodeAffinity]",
    preemptable: false,
    remedy: '',
  },
  {
    code: VOLUME_GONE,
    text: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
    preemptable: false,
    remedy: 'restore the volume that the claim is bound to',
  },
  {
    code: TOO_LARGE,
    text: 'Insufficient resources of the whole node',
    preemptable: false,
    remedy: 'ask for less or add a larger node',
  },
  {
    code: NO_NODE,
    text: 'no node',
    preemptable: false,
    remedy: '',
  },
  {
    code: VOLUME_IN_USE,
    text: 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
    preemptable: true,
    remedy: 'delete the pod that uses the claim',
  },
  {
    code: VOLUME_UNAVAILABLE,
    text: "node(s) didn't find available persistent volumes to bind",
    preemptable: false,
    remedy: 'make a volume that suits the claim, or use a storage class that makes them',
  },
]

export class ReasonTable {
  readonly #reasons: Reason[] = [...FIXED].sort((a, b) => a.code - b.code)
  readonly #codes = new Map<string, number>()

  /** The same code for the same text. Beyond the limit, texts share the last code. */
  intern(reason: Reason): number {
    const known = this.#codes.get(reason.text)
    if (known !== undefined) return known
    if (this.#reasons.length >= MAX_REASONS) return this.#reasons.length - 1
    const code = this.#reasons.push(reason) - 1
    this.#codes.set(reason.text, code)
    return code
  }

  get(code: number): Reason {
    return this.#reasons[code]!
  }
}
