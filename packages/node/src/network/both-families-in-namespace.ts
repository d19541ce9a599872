// A child process of both-families.test.ts, in a network namespace of its own that stands for a node of a cloud with both
// families: three pods, and an outside that has IPv6 too. Prints what each heard as JSON.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compilePolicies } from '@brume/api/network/policies'
import { routesOf } from '@brume/api/network/services'
import { silentLogger } from '@brume/base/log'
import { ownNames } from '@brume/machine/own-names'
import { run } from '@brume/machine/run'
import { eventually } from '@brume/testkit/eventually'
import { policyScript } from '../policies/table.ts'
import { elementsOf } from '../services/elements.ts'
import { KernelServices } from '../services/kernel.ts'
import { ask, askOften, inside, Namespaces, plugPod, wire } from '../testing/namespaces.ts'
import { CNI_CONF_FILE } from './cni-conf.ts'
import { CNI_RESULTS } from './cni-results.ts'
import { ensureNetwork } from './network.ts'
import { removeNetwork } from './remove.ts'

const MACHINE = '2001:db8::2'
const OUTSIDE = '2001:db8::1'
const IPV6 = {
  range: 'fd12:3456:789a:7::/64',
  cloudRange: 'fd12:3456:789a::/56',
  serviceRange: 'fd12:3456:789a:ffff::/112',
}
const WEB = 'fd12:3456:789a:ffff::10'
const EMPTY = 'fd12:3456:789a:ffff::11'
const STICKY = 'fd12:3456:789a:ffff::12'
const NODE = { name: 'n1', zone: undefined }
const TABLE = 'both-services'
const POLICIES = 'both-policies'
const PORT = 8080
const NODE_PORT = 30_080
const HOST_PORT = 8081

/** Sends one frame, as hexadecimal digits, from an interface by its number (packet(7)). */
const SEND = `
use Socket;
socket(my $s, 17, SOCK_RAW, 0x0300) or die $!;
send($s, pack('H*', $ARGV[0]), 0, pack('SnlSCCa8', 17, 3, $ARGV[1], 1, 0, 6, '')) or die $!;`

const namespaces = new Namespaces()
const dataDir = mkdtempSync(join(tmpdir(), 'brume-both-'))
const { table } = ownNames(dataDir)

interface Pod {
  name: string
  pid: number
  ips: string[]
  ip6: string
  mac: string
  index: number
}

async function makePod(name: string, conf: string): Promise<Pod> {
  const pid = await namespaces.make()
  const result = await plugPod(conf, pid)
  mkdirSync(CNI_RESULTS, { recursive: true })
  writeFileSync(
    join(CNI_RESULTS, `${table}-${String(pid).padStart(64, '0')}-eth0`),
    JSON.stringify({ kind: 'cniCacheV1', result }),
  )
  const [link] = JSON.parse(await inside(pid, ['ip', '-json', 'link', 'show', 'dev', 'eth0']))
  const ips = result.ips.map(({ address }) => address.split('/')[0]!)
  await namespaces.serve(pid, name, PORT, '::')
  return { name, pid, ips, ip6: ips[1]!, mac: link.address, index: link.ifindex }
}

function elements(name: string, clusterIP: string, pods: readonly Pod[], more: object = {}) {
  const spec = {
    clusterIPs: ['10.96.0.1', clusterIP],
    clusterIP,
    ports: [{ port: 80, name: 'web' }],
    ...more,
  }
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'd', name }, spec, status: {} }
  const slices = ['IPv4', 'IPv6'].map((addressType, i) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'd', name: `${name}-${i}` },
    addressType,
    ports: [{ name: 'web', port: PORT }],
    endpoints: pods.map(({ ips }) => ({ addresses: [ips[i]], nodeName: 'n1' })),
  }))
  return { service: `d/${name}`, elements: elementsOf(routesOf(service, slices, NODE, 6), 'ip6') }
}

const names = (texts: readonly string[]) => [...new Set(texts.map((text) => text.split(' ')[0]!))].sort()

/** Answers for the address to one pod, unasked (RFC 4861, "Neighbor Advertisement"); what that one believes then. */
async function claim(thief: Pod, address: string, to: Pod): Promise<boolean> {
  const hex = (mac: string) => mac.replaceAll(':', '')
  const digits = (ip: string) => hexOf(ip)
  const body = `88000000a0000000${digits(address)}0201${hex(thief.mac)}`
  const [from, dest] = [digits(thief.ip6), digits(to.ip6)]
  const sum = checksum(`${from}${dest}000000200000003a${body}`)
  const packet = `6000000000203aff${from}${dest}${body.replace('88000000', `8800${sum}`)}`
  await inside(thief.pid, [
    'perl',
    '-e',
    SEND,
    `${hex(to.mac)}${hex(thief.mac)}86dd${packet}`,
    String(thief.index),
  ])
  const [entry] = JSON.parse((await inside(to.pid, ['ip', '-json', '-6', 'neigh', 'show', address])) || '[]')
  return entry?.lladdr === thief.mac
}

function hexOf(ip: string): string {
  const [head = '', tail = ''] = ip.split('::')
  const groups = (part: string) =>
    part
      .split(':')
      .filter((group) => group !== '')
      .map((group) => group.padStart(4, '0'))
  const missing = 8 - groups(head).length - groups(tail).length
  return [...groups(head), ...Array(missing).fill('0000'), ...groups(tail)].join('')
}

function checksum(text: string): string {
  let sum = 0
  for (let i = 0; i < text.length; i += 4) sum += Number.parseInt(text.slice(i, i + 4), 16)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return (~sum & 0xffff).toString(16).padStart(4, '0')
}

async function linkLocalOf({ pid }: Pod): Promise<string> {
  const show = ['ip', '-json', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link', '-tentative']
  return await eventually('an address of the link', async () => {
    const links: { addr_info?: { local?: string }[] }[] = JSON.parse(await inside(pid, show))
    // iproute2 writes an empty object for an address of another scope.
    return links.flatMap(({ addr_info = [] }) => addr_info).find(({ local }) => local !== undefined)?.local
  })
}

try {
  await run(['ip', 'link', 'set', 'lo', 'up'])
  const outside = await namespaces.make()
  await wire({ pid: outside, here: `${MACHINE}/64`, there: [`${OUTSIDE}/64`] })
  await run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/up0/accept_ra'])
  const network = await ensureNetwork({
    dataDir,
    serviceRange: '10.96.0.0/16',
    ipv6: IPV6,
    logger: silentLogger,
  })
  const acceptRa = (await run(['cat', '/proc/sys/net/ipv6/conf/up0/accept_ra'])).stdout.trim()
  const ownRa = (await run(['cat', `/proc/sys/net/ipv6/conf/${network.bridge}/accept_ra`])).stdout.trim()
  const conf = join(network.cniConfDir, CNI_CONF_FILE)
  const [a, b, c] = [await makePod('a', conf), await makePod('b', conf), await makePod('c', conf)]
  await namespaces.serve(outside, 'outside', PORT, '::')
  await inside(c.pid, ['sh', '-c', 'echo 0 > /proc/sys/net/ipv4/neigh/eth0/locktime'])
  await ask(c.pid, b.ip6, PORT)
  const open = { claimed: await claim(a, b.ip6, c) }
  await inside(c.pid, ['ip', '-6', 'neigh', 'flush', 'dev', 'eth0'])
  await network.bindPods()
  const direct = await ask(c.pid, b.ip6, PORT)
  const bound = { claimed: await claim(a, b.ip6, c) }
  const link = `${await linkLocalOf(b)}%eth0`
  await linkLocalOf(c)
  const pods = {
    ips: a.ips,
    direct,
    out: await ask(a.pid, OUTSIDE, PORT),
    fromNode: await ask(process.pid, a.ip6, PORT),
    byLinkAddress: await ask(c.pid, link, PORT),
  }
  await network.setHostPorts([
    { protocol: 'TCP', hostPort: HOST_PORT, podIp: a.ips[0]!, containerPort: PORT },
    { protocol: 'TCP', hostPort: HOST_PORT, podIp: a.ip6, containerPort: PORT },
  ])
  const hostPort = await ask(outside, MACHINE, HOST_PORT)

  const options = { table: TABLE, bridge: network.bridge, podRange: IPV6.range, family: 'ip6' } as const
  const kernel = new KernelServices(options, silentLogger)
  await kernel.apply([
    elements('web', WEB, [a, b], { ports: [{ port: 80, name: 'web', nodePort: NODE_PORT }] }),
    elements('empty', EMPTY, []),
    elements('sticky', STICKY, [a, b], { sessionAffinity: 'ClientIP' }),
  ])
  const often = { port: 80, times: 30 }
  const services = {
    shared: names(await askOften(c.pid, WEB, often)),
    sees: (await ask(c.pid, WEB, 80)).split(' ').at(-1),
    itself: names(await askOften(a.pid, WEB, often)),
    node: names(await askOften(process.pid, WEB, often)),
    sticky: names(await askOften(c.pid, STICKY, often)).length,
    nodePort: names(await askOften(outside, MACHINE, { port: NODE_PORT, times: 30 })),
    empty: await ask(c.pid, EMPTY, 80),
    afterChange: await kernel
      .apply([elements('web', WEB, [b])])
      .then(async () => names(await askOften(c.pid, WEB, often))),
  }

  const podObject = ({ name, ips }: Pod) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'd', name, uid: name, labels: { app: name } },
    spec: { nodeName: 'n1', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: PORT }] }] },
    status: { phase: 'Running', podIPs: ips.map((ip) => ({ ip })) },
  })
  const apply = async (...specs: object[]) => {
    const policies = specs.map((spec, i) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: 'd', name: `p${i}` },
      spec: spec as never,
    }))
    const world = { pods: [a, b, c].map(podObject), namespaces: new Map(), nodeName: 'n1', policies }
    const filters = compilePolicies(world, 6)
    await run(['nft', '-f', '-'], {
      input: policyScript({ table: POLICIES, bridge: network.bridge!, filters, family: 'ip6' }),
    })
    for (const pod of [a, b, c]) await inside(pod.pid, ['ip', '-6', 'neigh', 'flush', 'dev', 'eth0'])
  }
  const both = async () => ({ c: await ask(c.pid, b.ip6, PORT), a: await ask(a.pid, b.ip6, PORT) })
  const onB = { podSelector: { matchLabels: { app: 'b' } }, policyTypes: ['Ingress'] }
  const policies = {
    closed: await apply(onB).then(both),
    named: await apply({
      ...onB,
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'c' } } }], ports: [{ port: 'web' }] }],
    }).then(both),
    block: await apply({
      ...onB,
      ingress: [{ from: [{ ipBlock: { cidr: IPV6.cloudRange, except: [`${a.ip6}/128`] } }] }],
    }).then(both),
    otherFamily: await apply({ ...onB, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] }).then(
      both,
    ),
    egress: await apply({
      podSelector: { matchLabels: { app: 'c' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: { matchLabels: { app: 'a' } } }] }],
    }).then(async () => ({
      ...(await both()),
      toA: await ask(c.pid, a.ip6, PORT),
    })),
    open: await apply().then(both),
  }
  /** Whatever the order of the tables. */
  const rules = async () => (await run(['nft', '-s', 'list', 'ruleset'])).stdout.split('\n').sort().join('\n')
  const again = await rules()
  await ensureNetwork({ dataDir, serviceRange: '10.96.0.0/16', ipv6: IPV6, logger: silentLogger })
  const isSame = (await rules()) === again
  await run(['nft', 'delete', 'table', 'ip6', TABLE])
  await removeNetwork(dataDir)
  const left = (await run(['nft', 'list', 'ruleset'])).stdout
  process.stdout.write(
    JSON.stringify({ acceptRa, ownRa, open, bound, pods, hostPort, services, policies, isSame, left }),
  )
} finally {
  namespaces.close()
  await removeNetwork(dataDir)
  rmSync(dataDir, { recursive: true, force: true })
}
