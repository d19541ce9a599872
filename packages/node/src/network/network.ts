// The built-in network of one node: a bridge, an address from its range for each pod (CNI's bridge and host-local), the
// node's address towards the outside, host ports. Or a site's own CNI configuration: then nothing here is touched.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '@brume/base/log'
import { firewallWarnings } from '@brume/machine/checks/firewall'
import { ownNames } from '@brume/machine/own-names'
import { run } from '@brume/machine/run'
import { RuntimeError } from '../runtime/error.ts'
import { runtimePaths } from '../runtime/paths.ts'
import { enableForwarding, ensureBridge, gatewayOf } from './bridge.ts'
import { chooseRange } from './choose-range.ts'
import { CNI_CONF_FILE, cniConf } from './cni-conf.ts'
import { type Family, familiesOf } from './family.ts'
import { type HostRoute, hostRoutes, outgoingMtu, takenByRoutes } from './host.ts'
import { attachPods, missingParts } from './mend.ts'
import { needIpv6 } from './need-ipv6.ts'
import { type HostPort, hostPortRules, nodeRules } from './nft-rules.ts'
import { ownAddresses } from './own-addresses.ts'

const UNTRACED =
  'network policies do not count between pods of this node: its kernel shows no bridged packets to the rules of IP; modprobe br_netfilter, then start Brume again'

/** Of WireGuard over IPv6, the largest of all tunnels: 40 for IP, 8 for UDP, 32 of its own. VXLAN over IPv4 has 50. */
const TUNNEL_BYTES = 80

export interface NetworkOptions {
  dataDir: string
  /** A site's own CNI configuration: its directory. */
  cniConfDir?: string | undefined
  /** Asked for by the person who starts the cloud. */
  podRange?: string | undefined
  /** The Node's spec.podCIDR, if it has one. */
  podCidr?: string | undefined
  /** Addresses of all pods of the cloud: pods of other nodes see a pod's own address. */
  cloudRange?: string | undefined
  /** Cluster addresses of Services: pods cannot have them. */
  serviceRange?: string | undefined
  /** The same of IPv6, in a cloud with both families. */
  ipv6?: Ipv6Network | undefined
  logger: Logger
}

export interface Ipv6Network {
  /** Of this node's pods. */
  range: string
  /** Of all pods of the cloud. */
  cloudRange: string
  serviceRange: string | undefined
}

export interface PodNetwork {
  /** undefined with a site's own network. */
  range: string | undefined
  bridge: string | undefined
  /** undefined: pods have IPv4 alone. */
  ipv6: Ipv6Network | undefined
  /** This node's own of IPv6, on the bridge: every pod and node of the cloud reaches it, whatever the LAN has. */
  address6: string | undefined
  mtu: number
  /** Of pods and Services: no Service gets an address of these from outside. */
  reserved: readonly string[]
  /** For containerd. */
  cniConfDir: string
  /** Sentences about what stops pods, each with what mends it. */
  warnings: readonly string[]
  /** All host ports of this node's pods, every time one changes. Does nothing when they are as they were. */
  setHostPorts(ports: readonly HostPort[]): Promise<void>
  /** Keeps each pod to its own addresses; before the first container of a new one is started. Throws PodProblem. */
  bindPods(): Promise<void>
  /** Makes again what somebody has taken away; gives what that was. Throws RunError and RuntimeError. */
  mend(): Promise<readonly string[]>
}

/** Makes the network be there. Idempotent: what is there already stays. Throws RuntimeError. */
export async function ensureNetwork(options: NetworkOptions): Promise<PodNetwork> {
  if (options.cniConfDir !== undefined) return siteNetwork(options.cniConfDir, options.serviceRange)
  const paths = runtimePaths(options.dataDir)
  const { bridge, table } = ownNames(options.dataDir)
  for (const dir of [paths.cniConf, paths.cniState]) mkdirSync(dir, { recursive: true, mode: 0o711 })
  const { ipv6 } = options
  if (ipv6 !== undefined) needIpv6()
  const routes = await hostRoutes()
  const range = decideRange(options, { bridge, table, routes })
  // Room for the tunnel to other nodes, also where there is none yet: pods that run keep their MTU.
  const mtu = (await outgoingMtu(routes)) - TUNNEL_BYTES
  const own = ownAddresses({ table, bridge, hasIpv6: ipv6 !== undefined, logger: options.logger })
  const hostPorts = hostPortSetter(table, familiesOf(ipv6 !== undefined))
  let traced = false
  const make = async () => {
    await ensureBridge({ bridge, ranges: known([range, ipv6?.range]), mtu })
    enableForwarding(bridge, ipv6 !== undefined)
    traced = await traceBridges()
    const { serviceRange, cloudRange } = options
    for (const services of known([serviceRange, ipv6?.serviceRange]))
      await run(['ip', 'route', 'replace', services, 'dev', bridge, 'metric', ownMetric(bridge)])
    const tracedServices = traced ? serviceRange : undefined
    const own6 = ipv6 && { ...ipv6, tracedServices: traced ? ipv6.serviceRange : undefined }
    const input = nodeRules({ table, bridge, range, cloudRange, tracedServices, ipv6: own6 })
    await run(['nft', '-f', '-'], { input })
  }
  await make()
  await own.again()
  const ranges = known([range, ipv6?.range])
  const conf = cniConf({ name: table, bridge, ranges, mtu, stateDir: paths.cniState })
  writeIfChanged(join(paths.cniConf, CNI_CONF_FILE), conf)
  const warnings = await firewallWarnings(bridge)
  if (!traced) options.logger.warn(UNTRACED)
  for (const warning of warnings) options.logger.warn(warning)
  return {
    range,
    bridge,
    ipv6,
    address6: ipv6 && gatewayOf(ipv6.range),
    mtu,
    reserved: known([
      options.cloudRange ?? range,
      options.serviceRange,
      ipv6?.cloudRange,
      ipv6?.serviceRange,
    ]),
    cniConfDir: paths.cniConf,
    warnings,
    setHostPorts: hostPorts.set,
    bindPods: own.bind,
    async mend() {
      const missing = await missingParts(bridge, table, {
        filtersBridges: own.isSupported,
        hasIpv6: ipv6 !== undefined,
      })
      if (missing.length === 0) return []
      await make()
      await attachPods(bridge, table)
      await own.again()
      await hostPorts.again()
      return missing
    },
  }
}

/** The range of IPv4 of the pods of a data directory, if it has one. */
export function keptRange(dataDir: string): string | undefined {
  return keptRanges(dataDir)[0]
}

/** Of both families: IPv4, then IPv6 if pods have it. */
export function keptRanges(dataDir: string): string[] {
  const path = join(runtimePaths(dataDir).cniConf, CNI_CONF_FILE)
  if (!existsSync(path)) return []
  const conf = JSON.parse(readFileSync(path, 'utf8'))
  const ranges: { subnet?: string }[][] = conf.plugins?.[0]?.ipam?.ranges ?? []
  return known(ranges.map(([first]) => first?.subnet))
}

function decideRange(
  { dataDir, podRange, podCidr, serviceRange }: NetworkOptions,
  host: { bridge: string; table: string; routes: readonly HostRoute[] },
): string {
  const kept = keptRange(dataDir)
  const taken = takenByRoutes(host.routes, host.bridge)
  if (serviceRange !== undefined) taken.push({ range: serviceRange, by: "the Services' range" })
  const answer = chooseRange({ name: host.table, wanted: podRange, kept, assigned: podCidr, taken })
  if ('problem' in answer)
    throw new RuntimeError(answer.problem, './brume up --pod-range 10.77.0.0/24   (a free one)')
  if (kept !== undefined && kept !== answer.range && hasPods(dataDir, host.table)) {
    throw new RuntimeError(
      `pods have addresses of ${kept}; they cannot go on under ${answer.range}`,
      `./brume up --pod-range ${kept}   (or stop the pods first: ./brume down --stop-workloads)`,
    )
  }
  return answer.range
}

/** host-local keeps a file for each address that is in use. */
function hasPods(dataDir: string, network: string): boolean {
  const dir = join(runtimePaths(dataDir).cniState, network)
  return existsSync(dir) && readdirSync(dir).some((name) => /^\d+\.\d+\.\d+\.\d+$/.test(name))
}

/** Of its own, so that the route of another cloud with the same Services' range stands beside it. */
function ownMetric(bridge: string): string {
  return String(1000 + (createHash('sha256').update(bridge).digest().readUInt16BE(0) % 9000))
}

/**
 * Whether packets between two ports of a bridge pass the rules of IP. Where they do not, a neighbour's answer would not be
 * known for the answer of a Service.
 */
async function traceBridges(): Promise<boolean> {
  const dir = '/proc/sys/net/bridge'
  if (!existsSync(dir)) await run(['modprobe', 'br_netfilter']).catch(() => {})
  if (!existsSync(dir)) return false
  for (const name of ['bridge-nf-call-iptables', 'bridge-nf-call-ip6tables']) {
    const path = join(dir, name)
    if (readFileSync(path, 'utf8').trim() !== '1') writeFileSync(path, '1')
  }
  return true
}

/** One transaction at a time; the latest wins. */
function hostPortSetter(table: string, families: readonly Family[]) {
  const rulesOf = (ports: readonly HostPort[]) =>
    families.map((family) => hostPortRules(table, ports, family)).join('')
  let applied: string | undefined
  let wanted = rulesOf([])
  let turn: Promise<void> = Promise.resolve()
  const apply = () => {
    const next = turn.then(async () => {
      const rules = wanted
      if (rules === applied) return
      applied = undefined
      await run(['nft', '-f', '-'], { input: rules })
      applied = rules
    })
    turn = next.catch(() => {})
    return next
  }
  return {
    set(ports: readonly HostPort[]): Promise<void> {
      wanted = rulesOf(ports)
      return apply()
    },
    /** The kernel has lost them. */
    again(): Promise<void> {
      applied = undefined
      return apply()
    },
  }
}

function siteNetwork(cniConfDir: string, serviceRange: string | undefined): PodNetwork {
  const isConf = (name: string) => /\.(conf|conflist|json)$/.test(name)
  if (!existsSync(cniConfDir) || !readdirSync(cniConfDir).some(isConf)) {
    throw new RuntimeError(
      `${cniConfDir} holds no CNI configuration`,
      'name the directory with the .conflist file: ./brume up --cni-conf /etc/cni/net.d',
    )
  }
  // A site's own chain has the portmap plugin, if it wants host ports.
  return {
    range: undefined,
    bridge: undefined,
    ipv6: undefined,
    address6: undefined,
    mtu: 0,
    reserved: known([serviceRange]),
    cniConfDir,
    warnings: [],
    setHostPorts: async () => {},
    bindPods: async () => {},
    mend: async () => [],
  }
}

function known(ranges: readonly (string | undefined)[]): string[] {
  return ranges.filter((range) => range !== undefined)
}

function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  writeFileSync(`${path}.new`, text, { mode: 0o644 })
  renameSync(`${path}.new`, path)
}
