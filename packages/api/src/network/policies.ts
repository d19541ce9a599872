// NetworkPolicies as filters of the pods on this node. Pure. Source of the rules: Kubernetes' documentation, "Network
// Policies": policies only add; a pod that none selects (for a direction) is open; both ends have to agree.

import { isIP } from 'node:net'
import type { KubeObject } from '../object.ts'
import { fromStructured } from '../selectors/structured.ts'
import { type Json, listOf } from '../validate/json.ts'
import { formatRange, parseRangeOf } from './ip-range.ts'

export type Direction = 'ingress' | 'egress'

export interface PolicyWorld {
  policies: readonly KubeObject[]
  /** Of all nodes. */
  pods: readonly KubeObject[]
  namespaces: ReadonlyMap<string, KubeObject>
  /** Whose pods are filtered here. */
  nodeName: string
}

interface FamilyWorld extends PolicyWorld {
  family: 4 | 6
}

/** What one pod lets in, or lets out: anything that one of the rules matches. */
export interface Filter {
  podIp: string
  direction: Direction
  /** For people: namespace/name. */
  pod: string
  rules: readonly Rule[]
}

export interface Rule {
  /** undefined: anybody. */
  peers: Peers | undefined
  /** undefined: any port of any protocol. */
  ports: readonly PortMatch[] | undefined
  /** Ports that have a name which means another number at each peer: address and port. */
  namedAt?: readonly { ip: string; protocol: string; port: number }[]
  /** namespace/name of the policy. */
  policy: string
}

export interface Peers {
  addresses: readonly string[]
  blocks: readonly { cidr: string; except: readonly string[] }[]
}

export interface PortMatch {
  protocol: string
  /** undefined: all ports of the protocol. */
  from?: number
  to?: number
}

/** Of one family: a pod has filters for each. */
export function compilePolicies(all: PolicyWorld, family: 4 | 6 = 4): Filter[] {
  const world: FamilyWorld = { ...all, family }
  const filters: Filter[] = []
  for (const pod of world.pods) {
    const { spec, metadata } = pod
    // Pods in the host's network are the host, to the network.
    if (spec['nodeName'] !== world.nodeName || spec['hostNetwork'] === true) continue
    const [podIp] = addressesOf(pod, family)
    if (podIp === undefined || isOver(pod)) continue
    const selecting = policiesOf(pod, world.policies)
    for (const direction of ['ingress', 'egress'] as const) {
      const ruling = selecting.filter((policy) => typesOf(policy).includes(direction))
      if (ruling.length === 0) continue
      const rules = ruling.flatMap((policy) => rulesOf(policy, { pod, direction, world }))
      filters.push({ podIp, direction, pod: `${metadata.namespace}/${metadata.name}`, rules })
    }
  }
  return filters
}

/** Those that select the pod, whatever they rule. */
export function policiesOf({ metadata }: KubeObject, policies: readonly KubeObject[]): KubeObject[] {
  return policies.filter(
    (policy) =>
      policy.metadata.namespace === metadata.namespace &&
      matches(policy['spec'].podSelector ?? {}, metadata.labels),
  )
}

/** The API server's defaults fill policyTypes; an older object may lack them. */
export function typesOf({ spec }: KubeObject): Direction[] {
  const given = listOf(spec['policyTypes']) as unknown as string[]
  if (given.length > 0) return given.map((type) => type.toLowerCase() as Direction)
  return spec['egress'] === undefined ? ['ingress'] : ['ingress', 'egress']
}

function rulesOf(
  policy: KubeObject,
  of: { pod: KubeObject; direction: Direction; world: FamilyWorld },
): Rule[] {
  const { direction, world, pod } = of
  const { namespace = '', name = '' } = policy.metadata
  return listOf(policy['spec'][direction]).flatMap((rule) => {
    const given = listOf(direction === 'ingress' ? rule.from : rule.to)
    const selected = given.length === 0 ? undefined : peersOf(given, namespace, world)
    const base = { policy: `${namespace}/${name}`, peers: selected?.peers }
    const ports = listOf(rule.ports)
    if (ports.length === 0) return [{ ...base, ports: undefined }]
    const numbered = ports.filter(({ port }) => typeof port !== 'string').map(portMatch)
    const named = ports.filter(({ port }) => typeof port === 'string')
    const rules: Rule[] = []
    if (direction === 'ingress') {
      numbered.push(...named.flatMap((port) => numbersOf(pod, port)))
    } else if (named.length > 0) {
      const targets = selected?.pods ?? world.pods.filter((target) => !isOver(target))
      const namedAt = targets.flatMap((target) => namedPortsOf(target, named, world.family))
      rules.push({ ...base, peers: undefined, ports: [], namedAt })
    }
    return [...rules, ...(numbered.length === 0 ? [] : [{ ...base, ports: numbered }])]
  })
}

function peersOf(
  given: readonly Json[],
  ownNamespace: string,
  { pods, namespaces, family }: FamilyWorld,
): { peers: Peers; pods: KubeObject[] } {
  const blocks = given.flatMap(({ ipBlock }) => {
    const [cidr] = ipBlock === undefined ? [] : rangesOf(family, [ipBlock.cidr])
    return cidr === undefined ? [] : [{ cidr, except: rangesOf(family, listOf(ipBlock.except)) }]
  })
  const selectors = given.filter(({ ipBlock }) => ipBlock === undefined)
  const chosen = pods.filter((pod) => {
    // Whose address may be another pod's by now, or is the host's.
    if (isOver(pod) || pod['spec'].hostNetwork === true) return false
    const { namespace = '', labels = {} } = pod.metadata
    return selectors.some(({ podSelector, namespaceSelector }) => {
      const there =
        namespaceSelector === undefined
          ? namespace === ownNamespace
          : matches(namespaceSelector, namespaces.get(namespace)?.metadata.labels)
      return there && (podSelector === undefined || matches(podSelector, labels))
    })
  })
  const addresses = chosen.flatMap((pod) => addressesOf(pod, family))
  return { peers: { addresses: [...new Set(addresses)].sort(), blocks }, pods: chosen }
}

/** As nft reads them: the API also takes 010.0.0.7/8, and blocks of the other family. */
function rangesOf(family: 4 | 6, blocks: readonly unknown[]): string[] {
  return blocks.flatMap((block) => {
    const range = parseRangeOf(family, String(block))
    return range === undefined ? [] : [formatRange(range)]
  })
}

function matches(selector: Json, labels: Readonly<Record<string, string>> = {}): boolean {
  return fromStructured(selector).matches(labels)
}

function portMatch({ protocol = 'TCP', port, endPort }: Json): PortMatch {
  if (port === undefined) return { protocol: protocol.toLowerCase() }
  return { protocol: protocol.toLowerCase(), from: port, to: endPort ?? port }
}

function numbersOf(pod: KubeObject, { protocol = 'TCP', port }: Json): PortMatch[] {
  return containerPorts(pod)
    .filter((one) => one.name === port && (one.protocol ?? 'TCP') === protocol)
    .map(({ containerPort }) => ({
      protocol: protocol.toLowerCase(),
      from: containerPort,
      to: containerPort,
    }))
}

function namedPortsOf(pod: KubeObject, ports: readonly Json[], family: 4 | 6) {
  return ports.flatMap((port) =>
    numbersOf(pod, port).flatMap(({ protocol, from }) =>
      addressesOf(pod, family).map((ip) => ({ ip, protocol, port: from! })),
    ),
  )
}

function containerPorts({ spec }: KubeObject): Json[] {
  const sidecars = listOf(spec['initContainers']).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...listOf(spec['containers']), ...sidecars].flatMap(({ ports }) => listOf(ports))
}

function addressesOf({ status }: KubeObject, family: 4 | 6): string[] {
  return listOf(status?.['podIPs'])
    .map(({ ip }) => ip)
    .filter((ip) => isIP(ip) === family)
}

function isOver({ status }: KubeObject): boolean {
  return status?.['phase'] === 'Succeeded' || status?.['phase'] === 'Failed'
}
