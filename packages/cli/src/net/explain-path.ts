// The way from a pod to what it is to reach, as the API's objects have it: whether it is open, and if not, what stops it
// and what to run next. Pure.

import { isIP } from 'node:net'
import { SERVICE_NAME } from '@brume/api/network/service-model'
import { routesOf } from '@brume/api/network/services'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { stoppedBy } from './allowed.ts'
import { closed, described, notOut, type Path, policies, withPort } from './path.ts'
import type { NamedTarget, Target } from './target.ts'
import { whyEmpty } from './why-empty.ts'
import { whyNoNames } from './why-no-names.ts'
import { find, ipOf, type NetworkWorld, portsOf, shortName } from './world.ts'

type Family = 4 | 6

/** Nobody's address, for a headless Service. */
const ANY = { 4: '0.0.0.0', 6: '::' } as const

/** What the API says, for connections of one family. */
interface FamilyWorld extends NetworkWorld {
  family: Family
}

/** By each family that the pod and its target have: one, or IPv4 and then IPv6. */
export function pathsTo(
  world: NetworkWorld,
  from: KubeObject,
  target: Target,
): { family: Family; path: Path }[] {
  const [own, its] = [familiesOf(from), familiesThere(world, target)]
  const common = its === undefined ? own.slice(0, 1) : its.filter((family) => own.includes(family))
  // A pod that does not run has none yet: it is told.
  if (own.length === 0) common.push(its?.[0] ?? 4)
  if (common.length > 0)
    return common.map((family) => ({ family, path: pathTo({ ...world, family }, from, target) }))
  const sentence = `pod ${from.metadata.name} has no ${its!.map((family) => `IPv${family}`).join(' or ')} address, and there is no other way`
  return [{ family: its![0]!, path: closed(sentence) }]
}

/** Sorted. undefined: whatever the pod has. */
function familiesThere({ pods, services }: NetworkWorld, target: Target): Family[] | undefined {
  if (target.type === 'address') return [isIP(target.ip) as Family]
  if (target.type === 'outside') return undefined
  const found = find(target.type === 'pod' ? pods : services, target)
  if (found === undefined) return undefined
  const families =
    target.type === 'pod'
      ? familiesOf(found)
      : found['spec'].type === 'ExternalName'
        ? []
        : listOf(found['spec'].ipFamilies).map((family) => (String(family) === 'IPv6' ? 6 : 4))
  return families.length === 0 ? undefined : [...families].sort()
}

function familiesOf(pod: KubeObject): Family[] {
  return ([4, 6] as const).filter((family) => ipOf(pod, family) !== undefined)
}

function pathTo(world: FamilyWorld, from: KubeObject, target: Target): Path {
  const trouble = troubleOf(world, from)
  if (trouble !== undefined) return trouble
  if (target.type === 'pod') return toPod(world, from, target)
  if (target.type === 'service') return toService(world, from, target)
  const port = Number(target.port)
  if (!Number.isInteger(port))
    return closed(`port "${target.port}" is no number, and only a Service or a pod has names for ports`)
  if (target.type === 'address') return toAddress(world, from, { ip: target.ip, port })
  const attempt = { host: target.name, port }
  const sentence = `${target.name} is no name of the cloud: the nodes' own DNS servers are asked for it`
  return whyNoNames(world, from) ?? { isOpen: true, sentence, attempt, pods: [] }
}

/** The pod that asks must run, on a node that answers. */
function troubleOf(world: NetworkWorld, pod: KubeObject): Path | undefined {
  const name = pod.metadata.name!
  if (familiesOf(pod).length === 0 || pod['status']?.phase !== 'Running') {
    const phase = pod['status']?.phase ?? 'Pending'
    return closed(
      `pod ${name} does not run (${phase})`,
      `./brume explain pod/${name} -n ${pod.metadata.namespace}`,
    )
  }
  const node = world.nodes.find(({ metadata }) => metadata.name === pod['spec'].nodeName)
  const ready = listOf(node?.status?.['conditions']).find(({ type }) => type === 'Ready')
  if (node !== undefined && ready?.status === 'True') return undefined
  const nodeName = pod['spec'].nodeName
  return closed(
    `node ${nodeName}, which pod ${name} is on, does not answer: ${ready?.message ?? 'it is not there'}`,
    `./brume explain node/${nodeName}`,
  )
}

function toPod(world: FamilyWorld, from: KubeObject, target: NamedTarget<'pod'>): Path {
  const pod = find(world.pods, target)
  if (pod === undefined)
    return closed(
      `there is no pod ${target.namespace}/${target.name}`,
      `kubectl get pods -n ${target.namespace}`,
    )
  const named = portsOf(pod).find(({ name }) => name === target.port)
  const port = named?.containerPort ?? Number(target.port)
  if (!Number.isInteger(port)) {
    const names = portsOf(pod).flatMap(({ name }) => (name === undefined ? [] : [name]))
    return closed(
      `pod ${target.name} has no port named "${target.port}" (it names ${names.join(', ') || 'none'})`,
    )
  }
  const trouble = troubleOf(world, pod)
  if (trouble !== undefined) return trouble
  return (
    stopped(world, from, { pod, port }) ??
    open(`no policy stops it`, { ip: ipOf(pod, world.family)!, port, pods: [pod] })
  )
}

function toAddress(world: FamilyWorld, from: KubeObject, { ip, port }: { ip: string; port: number }): Path {
  const service = world.services.find(({ spec }) => listOf(spec!['clusterIPs']).includes(ip as never))
  if (service !== undefined) {
    const { namespace = '', name = '' } = service.metadata
    return toService(world, from, { type: 'service', namespace, name, port: String(port) }, false)
  }
  const pod = world.pods.find((one) => ipOf(one, world.family) === ip && one['status']?.phase === 'Running')
  if (pod !== undefined) {
    const { namespace = '', name = '' } = pod.metadata
    return toPod(world, from, { type: 'pod', namespace, name, port: String(port) })
  }
  const by = stoppedBy(from, 'egress', { world, packet: { ip, protocol: 'tcp', port } })
  if (by !== undefined) return closed(notOut(from, by, withPort(ip, port)), described(by))
  return open(`${ip} is no address of the cloud, and no policy keeps the pod from it`, { ip, port, pods: [] })
}

function toService(
  world: FamilyWorld,
  from: KubeObject,
  target: NamedTarget<'service'>,
  byName = true,
): Path {
  const { namespace, name } = target
  const service = find(world.services, target)
  if (service === undefined) {
    const others = world.services.filter(({ metadata }) => metadata.name === name)
    const elsewhere = others.map(({ metadata }) => `${name}.${metadata.namespace}`)
    const hint = elsewhere.length > 0 ? ` (there is ${elsewhere.join(', ')})` : ''
    return closed(
      `the name ${name}.${namespace} is unknown: there is no such Service${hint}`,
      `kubectl get services -n ${namespace}`,
    )
  }
  const unnamed = byName ? whyNoNames(world, from) : undefined
  if (unnamed !== undefined) return unnamed
  const { spec } = service
  if (spec!['type'] === 'ExternalName') {
    const host = String(spec!['externalName'])
    return {
      ...open(`${name} is another name for ${host}`, { ip: host, port: Number(target.port), pods: [] }),
    }
  }
  const ports = listOf(spec!['ports'])
  const port = ports.find((one) => String(one.port) === target.port || one.name === target.port)
  if (port === undefined) {
    const has = ports.map((one) => (one.name ? `${one.port} (${one.name})` : String(one.port))).join(', ')
    return closed(
      `Service ${name} has no port ${target.port}; it has ${has || 'none'}`,
      `kubectl describe service ${name} -n ${namespace}`,
    )
  }
  if ((port.protocol ?? 'TCP') !== 'TCP')
    return closed(`port ${target.port} of ${name} is ${port.protocol}: only TCP is checked`)
  return throughService(world, from, { service, port })
}

function throughService(
  world: FamilyWorld,
  from: KubeObject,
  { service, port }: { service: KubeObject; port: { name?: string; port: number; targetPort?: unknown } },
): Path {
  const { namespace = '', name = '' } = service.metadata
  const headless = service['spec'].clusterIP === 'None'
  const slices = world.slices.filter(
    ({ metadata }) => metadata.namespace === namespace && metadata.labels?.[SERVICE_NAME] === name,
  )
  const { family } = world
  const own = headless
    ? ANY[family]
    : listOf(service['spec'].clusterIPs ?? [service['spec'].clusterIP]).find((ip) => isIP(ip) === family)
  // A headless Service leads where its endpoints are: the same rules, without an address of its own.
  const asked = headless
    ? { ...service, spec: { ...service['spec'], clusterIP: own, clusterIPs: [own] } }
    : service
  const node = { name: from['spec'].nodeName, zone: zoneOf(world, from) }
  const routes = routesOf(asked as KubeObject, slices, node, family)
  const route = routes.find(({ frontend }) => frontend.protocol === 'tcp' && frontend.port === port.port)
  const next = `kubectl describe service ${name} -n ${namespace}`
  if (route === undefined) return closed(`Service ${name} has no IPv${family} address`, next)
  const { behaviour } = route
  if (behaviour.type === 'refuse')
    return closed(`${whyEmpty(world, service, port)}: connections are refused`, next)
  if (behaviour.type === 'drop') {
    return closed(
      `Service ${name} keeps traffic on its node (internalTrafficPolicy: Local), and none of its pods is on ${from['spec'].nodeName}`,
      next,
    )
  }
  const found = behaviour.backends.map(({ ip, port: number }) => ({
    port: number,
    ip,
    pod: world.pods.find((pod) => ipOf(pod, family) === ip && pod['status']?.phase === 'Running'),
  }))
  const stops = found.flatMap(({ pod, port: number }) => {
    const stop =
      pod === undefined ? undefined : (troubleOf(world, pod) ?? stopped(world, from, { pod, port: number }))
    return stop === undefined ? [] : [stop]
  })
  const to = headless ? found[0]! : { ip: String(own), port: port.port }
  const pods = found.flatMap(({ pod }) => (pod === undefined ? [] : [pod]))
  const [stop] = stops
  const told = found.map(({ ip, port: number, pod }) =>
    pod === undefined ? withPort(ip, number) : `${shortName(pod, namespace)}:${number}`,
  )
  if (stop === undefined)
    return open(`Service ${name} leads to ${told.join(', ')}, and no policy stops it`, { ...to, pods })
  const part =
    stops.length === found.length
      ? ''
      : `${stops.length} of ${found.length} pods of Service ${name} cannot be reached: `
  const next2 = stop.next === undefined ? {} : { next: stop.next }
  return {
    isOpen: false,
    sentence: `${part}${stop.sentence}`,
    ...next2,
    attempt: { host: to.ip, port: to.port },
    pods,
  }
}

/** One of both ends' policies. */
function stopped(
  world: FamilyWorld,
  from: KubeObject,
  to: { pod: KubeObject; port: number },
): Path | undefined {
  const [fromIp, toIp] = [ipOf(from, world.family)!, ipOf(to.pod, world.family)!]
  const attempt = { host: toIp, port: to.port }
  const told = `${shortName(to.pod, from.metadata.namespace!)}:${to.port}`
  const out = stoppedBy(from, 'egress', { world, packet: { ip: toIp, protocol: 'tcp', port: to.port } })
  if (out !== undefined) return { ...closed(notOut(from, out, told), described(out)), attempt }
  const into = stoppedBy(to.pod, 'ingress', { world, packet: { ip: fromIp, protocol: 'tcp', port: to.port } })
  if (into === undefined) return undefined
  const sentence = `${policies(into)} of ${told} ${into.length === 1 ? 'does' : 'do'} not let ${shortName(from, to.pod.metadata.namespace!)} in at this port`
  return { ...closed(sentence, described(into)), attempt }
}

function zoneOf({ nodes }: NetworkWorld, pod: KubeObject): string | undefined {
  return nodes.find(({ metadata }) => metadata.name === pod['spec'].nodeName)?.metadata.labels?.[
    'topology.kubernetes.io/zone'
  ]
}

function open(
  sentence: string,
  { ip, port, pods }: { ip: string; port: number; pods: readonly KubeObject[] },
): Path {
  return { isOpen: true, sentence, attempt: { host: ip, port }, pods }
}
