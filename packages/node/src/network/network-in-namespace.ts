// A child process of network.test.ts, in a network namespace of its own that stands for a machine: with a way out to
// another namespace, and a pod's. Prints what it saw as JSON.

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@brume/base/log'
import { run } from '@brume/machine/run'
import { eventually } from '@brume/testkit/eventually'
import { addPod, ask, inside, Namespaces, wire } from '../testing/namespaces.ts'
import { CNI_CONF_FILE } from './cni-conf.ts'
import { ensureNetwork, type PodNetwork } from './network.ts'
import type { HostPort } from './nft-rules.ts'
import { removeNetwork } from './remove.ts'

const MACHINE = '198.51.100.2'
const OUTSIDE = '198.51.100.1'
const HOST_PORT = 8080
/** Of nobody here. */
const SPOOFED = '203.0.113.9'

const namespaces = new Namespaces()
let hostPort: HostPort
const dataDir = mkdtempSync(join(tmpdir(), 'brume-network-'))

try {
  await run(['ip', 'link', 'set', 'lo', 'up'])
  const outside = await namespaces.make()
  const pod = await namespaces.make()
  await wire({ pid: outside, here: `${MACHINE}/24`, there: [`${OUTSIDE}/24`] })
  await run(['ip', 'link', 'set', 'up0', 'mtu', '1400'])
  await run(['ip', 'route', 'add', 'default', 'via', OUTSIDE])

  const options = { dataDir, logger: silentLogger }
  const network = await ensureNetwork(options)
  const podIp = await addPod(join(network.cniConfDir, CNI_CONF_FILE), pod)
  await namespaces.serve(pod, 'the pod', 80)
  await namespaces.serve(outside, 'the outside', 7000)
  await namespaces.serve(process.pid, 'the machine alone', 7001, '127.0.0.1')
  hostPort = { protocol: 'TCP', hostPort: HOST_PORT, podIp, containerPort: 80 }
  await network.setHostPorts([hostPort])
  const seen = {
    podIp,
    range: network.range,
    mtu: await podMtu(pod),
    out: await ask(pod, OUTSIDE, 7000),
    in: await ask(outside, MACHINE, HOST_PORT),
    loopback: await hear('127.0.0.1', HOST_PORT),
    itself: await ask(pod, MACHINE, HOST_PORT),
  }
  const ipv6 = await besidePolicies(pod, network)
  const firewall = await behindFirewall(pod)
  const before = await rules()
  const again = await ensureNetwork(options)
  const same = (await rules()) === before && again.range === network.range
  const mended = await takenAway(again, outside)
  await again.setHostPorts([])
  const spoofed = await underAnotherAddress(pod, outside, network.bridge!)
  await reachForLoopback(pod, network.range!)
  const guarded = await ask(pod, '127.0.0.1', 7001)
  await run(['nft', 'flush', 'chain', 'ip', network.bridge!, 'guard'])
  const unspoofed = await ask(pod, OUTSIDE, 7000)
  const unguarded = await ask(pod, '127.0.0.1', 7001)
  const closed = await ask(outside, MACHINE, HOST_PORT)
  await removeNetwork(dataDir)
  await removeNetwork(dataDir)
  const left = { rules: await rules(), links: (await run(['ip', '-br', 'link'])).stdout }
  process.stdout.write(
    JSON.stringify({
      ...seen,
      spoofed,
      unspoofed,
      mended,
      ipv6,
      firewall,
      same,
      closed,
      guarded,
      unguarded,
      left,
      bridge: network.bridge,
    }),
  )
} finally {
  namespaces.close()
  rmSync(dataDir, { recursive: true, force: true })
}

async function hear(host: string, port: number): Promise<string> {
  const socket = connect({ host, port })
  const [text] = await once(socket, 'data')
  return String(text)
}

/** What another pod hears at the address of IPv6 that the kernel gave to this one; and without the rule. */
async function besidePolicies(pod: number, network: PodNetwork): Promise<Record<string, string>> {
  const other = await namespaces.make()
  await addPod(join(network.cniConfDir, CNI_CONF_FILE), other)
  await namespaces.serve(pod, 'the pod', 9000, '::')
  const address = `${await ipv6Of(pod)}%eth0`
  await ipv6Of(other)
  const closed = await ask(other, address, 9000)
  await run(['nft', 'delete', 'table', 'ip6', network.bridge!])
  const open = await ask(other, address, 9000)
  await ensureNetwork({ dataDir, logger: silentLogger })
  return { closed, open, again: await ask(other, address, 9000) }
}

/** As soon as the kernel has made sure that nobody else has it. */
async function ipv6Of(pod: number): Promise<string> {
  const show = ['ip', '-json', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link', '-tentative']
  return await eventually('an address of IPv6', async () => {
    const [link] = JSON.parse(await inside(pod, show))
    return link?.addr_info?.[0]?.local as string | undefined
  })
}

/** What somebody may do by hand; and what is seen before and after it is mended. */
async function takenAway(kept: PodNetwork, outside: number): Promise<Record<string, unknown>> {
  await kept.setHostPorts([hostPort])
  const nothing = await kept.mend()
  await run(['nft', 'flush', 'ruleset'])
  await run(['ip', 'link', 'set', kept.bridge!, 'down'])
  const away = await ask(outside, MACHINE, HOST_PORT)
  const missing = await kept.mend()
  return { nothing, away, missing, back: await ask(outside, MACHINE, HOST_PORT) }
}

/** A site's own firewall that drops what is forwarded; what is said about it is then done, word by word. */
async function behindFirewall(pod: number): Promise<Record<string, unknown>> {
  const chain = 'type filter hook forward priority 0; policy drop'
  const site = `table inet site {\nchain forward {\n${chain}\nct state established accept\n}\n}\n`
  await run(['nft', '-f', '-'], { input: site })
  const { warnings } = await ensureNetwork({ dataDir, logger: silentLogger })
  const dropped = await ask(pod, OUTSIDE, 7000)
  for (const command of warnings[0]!.slice(warnings[0]!.indexOf(': ') + 2).split(' && '))
    await run(command.split(' ').map((word) => word.replaceAll('"', '')))
  const mended = await ask(pod, OUTSIDE, 7000)
  const after = (await ensureNetwork({ dataDir, logger: silentLogger })).warnings
  await run(['nft', 'delete', 'table', 'inet', 'site'])
  return { warnings, dropped, mended, after }
}

async function rules(): Promise<string> {
  return (await run(['nft', 'list', 'ruleset'])).stdout
}

async function podMtu(pod: number): Promise<number> {
  return JSON.parse(await inside(pod, ['ip', '-json', 'link', 'show', 'dev', 'eth0']))[0].mtu
}

/** The way back is there: only the rule is in the way. */
async function underAnotherAddress(pod: number, outside: number, bridge: string): Promise<string> {
  await inside(pod, ['ip', 'address', 'add', `${SPOOFED}/32`, 'dev', 'eth0'])
  const gateway = JSON.parse(await inside(pod, ['ip', '-json', 'route', 'show', 'default']))[0].gateway
  await inside(pod, ['ip', 'route', 'replace', OUTSIDE, 'via', gateway, 'src', SPOOFED])
  await run(['ip', 'route', 'add', SPOOFED, 'dev', bridge])
  await inside(outside, ['ip', 'route', 'add', SPOOFED, 'via', MACHINE])
  return ask(pod, OUTSIDE, 7000)
}

/** What a hostile pod with NET_ADMIN does to reach what listens on the node's 127.0.0.1 alone. */
async function reachForLoopback(pod: number, range: string): Promise<void> {
  const gateway = range.replace(/\.0\/24$/, '.1')
  await inside(pod, ['ip', 'address', 'flush', 'dev', 'lo'])
  await inside(pod, ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet'])
  await inside(pod, ['ip', 'route', 'add', '127.0.0.1/32', 'via', gateway, 'dev', 'eth0'])
}
