// Machines of a test on one wire: network namespaces, each with a network card on a bridge that stands for a switch. What
// crosses the wire is counted where the card meets the switch.

import { randomBytes } from 'node:crypto'
import { run } from '@brume/machine/run'

export interface Machine {
  /** Path of its network namespace. */
  netns: string
  address: string
  /** The switch's side of its network card. */
  port: string
}

export interface Seen {
  /** Packets of tunnels between machines of this wire. */
  tunnel: number
  /** Packets of encrypted tunnels. */
  encrypted: number
  /** Packets that carry an address of pods or Services in the open. */
  bare: number
}

/** For measurements of networks (RFC 2544): no site has them. */
const WIRE = '198.18'
/** For measurements by IPv6 (RFC 5180). */
const WIRE6 = '2001:2:0'
/** Where pods and Services have their addresses, unless told otherwise. */
const INSIDE = '10.0.0.0/8'
/** Unique local ones. */
const INSIDE6 = 'fc00::/7'
const VXLAN_PORT = 8472
const WIREGUARD_PORTS = '51820-51919'

export class Lan {
  readonly #id = randomBytes(3).toString('hex')
  readonly #net = `${WIRE}.${1 + Math.floor(Math.random() * 250)}`
  readonly #machines: Machine[] = []
  readonly #bridge = `brt-${this.#id}`
  readonly #table = `brume-test-${this.#id}`

  async make(): Promise<void> {
    await run(['ip', 'link', 'add', this.#bridge, 'type', 'bridge'])
    await run(['ip', 'address', 'add', `${this.#net}.254/24`, 'dev', this.#bridge])
    await run(['ip', 'link', 'set', this.#bridge, 'up'])
    await run(['nft', 'add', 'table', 'netdev', this.#table])
  }

  async machine(): Promise<Machine> {
    const number = this.#machines.length + 1
    const name = `brume-test-${this.#id}-${number}`
    const port = `brt${this.#id}${number}`
    const machine = { netns: `/run/netns/${name}`, address: `${this.#net}.${number}`, port }
    await run(['ip', 'netns', 'add', name])
    this.#machines.push(machine)
    await run(['ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name])
    await run(['ip', 'link', 'set', port, 'master', this.#bridge, 'up'])
    for (const command of [
      ['ip', 'link', 'set', 'lo', 'up'],
      ['ip', 'address', 'add', `${machine.address}/24`, 'dev', 'eth0'],
      ['ip', 'link', 'set', 'eth0', 'up'],
      ['ip', 'route', 'add', 'default', 'via', `${this.#net}.254`],
    ])
      await inside(machine, command)
    await this.#count(machine)
    return machine
  }

  /** One that no machine has: 100 to 253. */
  address(number: number): string {
    return `${this.#net}.${number}`
  }

  /** From now on the wire has IPv6 too: addresses by number, those of machines begin with 1. */
  async addIpv6(): Promise<(number: number) => string> {
    const wire = `${WIRE6}:${this.#net.split('.')[2]}`
    const address = (number: number) => `${wire}::${number.toString(16)}`
    const add = (number: number, dev: string) =>
      ['ip', 'address', 'add', `${address(number)}/64`, 'dev', dev, 'nodad'] as const
    await run([...add(254, this.#bridge)])
    for (const [i, machine] of this.#machines.entries()) await inside(machine, add(i + 1, 'eth0'))
    return address
  }

  /** The cable. */
  async plug(machine: Machine, isIn: boolean): Promise<void> {
    await run(['ip', 'link', 'set', machine.port, isIn ? 'up' : 'down'])
  }

  /** What the machine has sent so far. */
  async seen({ port }: Machine): Promise<Seen> {
    const { stdout } = await run(['nft', '-j', 'list', 'chain', 'netdev', this.#table, port])
    const rules: { rule?: { comment?: string; expr: { counter?: { packets: number } }[] } }[] =
      JSON.parse(stdout).nftables
    const of = (comment: string) =>
      rules
        .filter(({ rule }) => rule?.comment === comment)
        .flatMap(({ rule }) => rule!.expr.flatMap(({ counter }) => counter?.packets ?? []))
        .reduce((sum, packets) => sum + packets)
    return { tunnel: of('tunnel'), encrypted: of('encrypted'), bare: of('bare') }
  }

  async close(): Promise<void> {
    const gone = (command: string[]) => run(command).catch(() => {})
    for (const { netns, port } of this.#machines) {
      await gone(['ip', 'link', 'delete', port])
      await gone(['ip', 'netns', 'delete', netns.slice('/run/netns/'.length)])
    }
    await gone(['nft', 'delete', 'table', 'netdev', this.#table])
    await gone(['ip', 'link', 'delete', this.#bridge])
  }

  async #count({ port, address }: Machine): Promise<void> {
    const chain = `netdev ${this.#table} ${port}`
    const wire = `${this.#net}.0/24`
    const lines = [
      `add chain ${chain} { type filter hook ingress device "${port}" priority 0 ; policy accept ; }`,
      `add rule ${chain} ip saddr ${address} ip daddr ${wire} udp dport ${VXLAN_PORT} counter comment "tunnel"`,
      `add rule ${chain} ip saddr ${address} ip daddr ${wire} udp dport ${WIREGUARD_PORTS} counter comment "encrypted"`,
      `add rule ${chain} ip saddr ${INSIDE} counter accept comment "bare"`,
      `add rule ${chain} ip daddr ${INSIDE} counter accept comment "bare"`,
      `add rule ${chain} ip6 saddr ${INSIDE6} counter accept comment "bare"`,
      `add rule ${chain} ip6 daddr ${INSIDE6} counter accept comment "bare"`,
    ]
    await run(['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })
  }
}

export async function inside({ netns }: Machine, command: readonly string[]): Promise<string> {
  return (await run(['nsenter', `--net=${netns}`, ...command])).stdout
}

/** The reason for which there are no such machines here; undefined when there are. */
export async function whyNoMachines(): Promise<string | undefined> {
  const lines = 'add table netdev brume-probe\ndelete table netdev brume-probe\n'
  const probes: [string, string[], string?][] = [
    ['nft cannot count what crosses a device', ['nft', '-f', '-'], lines],
    ['there is no VXLAN', ['ip', 'link', 'add', 'probe', 'type', 'vxlan', 'id', '1', 'dstport', '0']],
  ]
  for (const [why, command, input] of probes) {
    try {
      await run(['unshare', '--net', ...command], input === undefined ? {} : { input })
    } catch {
      return why
    }
  }
  return undefined
}
