// A child process of own-addresses.test.ts, in a network namespace of its own that stands for a node: a pod that is
// somebody, one that wants to be it, and one that both speak to. Prints what came of it as JSON.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@brume/base/log'
import { ownNames } from '@brume/machine/own-names'
import { run } from '@brume/machine/run'
import { ask, inside, Namespaces, plugPod } from '../testing/namespaces.ts'
import { CNI_CONF_FILE } from './cni-conf.ts'
import { CNI_RESULTS } from './cni-results.ts'
import { ensureNetwork } from './network.ts'
import { removeNetwork } from './remove.ts'

const PORT = 8080
const LLDP_GROUP = '0180c200000e'

/** Sends one frame, as hexadecimal digits, from an interface by its number (packet(7)). */
const SEND = `
use Socket;
socket(my $s, 17, SOCK_RAW, 0x0300) or die $!;
send($s, pack('H*', $ARGV[0]), 0, pack('SnlSCCa8', 17, 3, $ARGV[1], 1, 0, 6, '')) or die $!;`

const namespaces = new Namespaces()
const dataDir = mkdtempSync(join(tmpdir(), 'brume-own-'))
const { bridge, table } = ownNames(dataDir)

interface Pod {
  pid: number
  ip: string
  mac: string
  index: number
}

const hex = (mac: string) => mac.replaceAll(':', '')
const hexIp = (ip: string) =>
  ip
    .split('.')
    .map((octet) => Number(octet).toString(16).padStart(2, '0'))
    .join('')

/** With what the CNI library keeps of it. */
async function makePod(conf: string): Promise<Pod> {
  const pid = await namespaces.make()
  const result = await plugPod(conf, pid)
  mkdirSync(CNI_RESULTS, { recursive: true })
  const file = `${table}-${String(pid).padStart(64, '0')}-eth0`
  writeFileSync(join(CNI_RESULTS, file), JSON.stringify({ kind: 'cniCacheV1', result }))
  const [link] = JSON.parse(await inside(pid, ['ip', '-json', 'link', 'show', 'dev', 'eth0']))
  return { pid, ip: result.ips[0]!.address.split('/')[0]!, mac: link.address, index: link.ifindex }
}

async function send({ pid, index }: Pod, frame: string): Promise<void> {
  await inside(pid, ['perl', '-e', SEND, frame, String(index)])
}

/** "I am at this Ethernet address", said to one pod. */
async function claim(by: Pod, ip: string, to: Pod): Promise<void> {
  const arp = `0001080006040002${hex(by.mac)}${hexIp(ip)}${hex(to.mac)}${hexIp(to.ip)}`
  await send(by, `${hex(to.mac)}${hex(by.mac)}0806${arp}`.padEnd(120, '0'))
}

/** An empty datagram under another address; how many the receiver counts more. */
async function datagram(by: Pod, from: string, to: Pod): Promise<number> {
  const before = await counted(to)
  const header = `4500001c000040004011@${hexIp(from)}${hexIp(to.ip)}`
  const ip = header.replace('@', checksum(header.replace('@', '0000')))
  await send(by, `${hex(to.mac)}${hex(by.mac)}0800${ip}00090009000800000000`.padEnd(120, '0'))
  return (await counted(to)) - before
}

function checksum(header: string): string {
  let sum = 0
  for (let i = 0; i < header.length; i += 4) sum += Number.parseInt(header.slice(i, i + 4), 16)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return (~sum & 0xffff).toString(16).padStart(4, '0')
}

async function counted({ pid }: Pod): Promise<number> {
  const lines = (await inside(pid, ['cat', '/proc/net/snmp']))
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
  const [names, values] = lines.map((line) => line.split(' '))
  return Number(values![names!.indexOf('NoPorts')])
}

/** Where frames to this pod go now. */
async function portOf({ mac }: Pod): Promise<string> {
  const { stdout } = await run(['bridge', '-json', 'fdb', 'show', 'br', bridge])
  const entries: { mac: string; ifname: string; state?: string }[] = JSON.parse(stdout)
  return entries.find((entry) => entry.mac === mac)?.ifname ?? ''
}

async function believed(by: Pod, ip: string): Promise<string> {
  const [entry] = JSON.parse((await inside(by.pid, ['ip', '-json', 'neigh', 'show', ip])) || '[]')
  return entry?.lladdr ?? ''
}

/** Each trick of `thief`, and whether it came through. */
async function tricks(thief: Pod, victim: Pod, friend: Pod): Promise<Record<string, boolean>> {
  await ask(friend.pid, victim.ip, PORT)
  await claim(thief, victim.ip, friend)
  const claimed = (await believed(friend, victim.ip)) === thief.mac
  await inside(friend.pid, ['ip', 'neigh', 'flush', 'dev', 'eth0'])
  const spoken = (await datagram(thief, victim.ip, friend)) > 0
  const before = await portOf(victim)
  await send(thief, `${LLDP_GROUP}${hex(victim.mac)}88cc0000`.padEnd(120, '0'))
  const learned = (await portOf(victim)) !== before
  await ask(friend.pid, victim.ip, PORT)
  const tagged = `${hex(friend.mac)}${hex(victim.mac)}8100000108000000`
  await send(thief, tagged.padEnd(120, '0'))
  const learnedTagged = (await portOf(victim)) !== before
  await ask(friend.pid, victim.ip, PORT)
  await send(thief, `${hex(friend.mac)}${hex(victim.mac)}86dd60000000`.padEnd(120, '0'))
  const learnedIpv6 = (await portOf(victim)) !== before
  await ask(victim.pid, friend.ip, PORT)
  return { claimed, spoken, learned, learnedTagged, learnedIpv6 }
}

try {
  await run(['ip', 'link', 'set', 'lo', 'up'])
  const network = await ensureNetwork({ dataDir, logger: silentLogger })
  const conf = join(network.cniConfDir, CNI_CONF_FILE)
  const victim = await makePod(conf)
  const thief = await makePod(conf)
  const friend = await makePod(conf)
  await namespaces.serve(victim.pid, 'the victim', PORT)
  await namespaces.serve(friend.pid, 'the friend', PORT)
  // A claim counts at once, also against what was heard a moment ago.
  await inside(friend.pid, ['sh', '-c', 'echo 0 > /proc/sys/net/ipv4/neigh/eth0/locktime'])
  const open = await tricks(thief, victim, friend)
  await network.bindPods()
  const bound = await tricks(thief, victim, friend)
  const honest = {
    datagrams: await datagram(thief, thief.ip, friend),
    connection: await ask(thief.pid, friend.ip, PORT),
    // It asks for the friend's Ethernet address anew.
    victim: await inside(victim.pid, ['ip', 'neigh', 'flush', 'dev', 'eth0']).then(() =>
      ask(victim.pid, friend.ip, PORT),
    ),
  }
  // The next agent finds the pods by itself, before any of them starts a container.
  await run(['nft', 'delete', 'table', 'bridge', table])
  const restarted = await ensureNetwork({ dataDir, logger: silentLogger })
  const afterRestart = await datagram(thief, victim.ip, friend)
  await run(['nft', 'delete', 'table', 'bridge', table])
  const missing = await restarted.mend()
  const afterMending = await datagram(thief, victim.ip, friend)
  await removeNetwork(dataDir)
  const left = [
    (await run(['nft', 'list', 'ruleset'])).stdout,
    ...readdirSync(CNI_RESULTS).filter((file) => file.startsWith(table)),
  ]
  process.stdout.write(
    JSON.stringify({
      addresses: { thief: thief.ip, victim: victim.ip },
      open,
      bound,
      honest,
      afterRestart,
      missing,
      afterMending,
      left,
      table,
    }),
  )
} finally {
  namespaces.close()
  await removeNetwork(dataDir)
  rmSync(dataDir, { recursive: true, force: true })
}
