// A pod speaks under its own addresses alone, also to its neighbours: the bridge takes nothing else from its cable, and
// never looks for the pod at another one. Pods that nothing is known of have no container yet.

import { isIPv4 } from 'node:net'
import { parseRangeOf } from '@brume/api/network/ip-range'
import type { Logger } from '@brume/base/log'
import { RunError, run } from '@brume/machine/run'
import { PodProblem } from '../contract.ts'
import { type Attachment, attachmentsOf } from './attachments.ts'

const UNSUPPORTED =
  "pods are not kept from using a neighbour's address on this node: its kernel has no nftables for bridges (CONFIG_NF_TABLES_BRIDGE)"

/** Of a neighbour's question and answer: behind the eight bytes that each message of ICMP begins with. */
const TARGET = '@th,64,128'

export interface OwnAddresses {
  /** Known once anything has been bound. */
  readonly isSupported: boolean
  /** Every pod that there is now: before a container of a new one is started. Throws PodProblem. */
  bind(): Promise<void>
  /** The kernel may have lost them. Throws RunError. */
  again(): Promise<void>
}

export interface OwnAddressesOptions {
  /** Also the name of the CNI network. */
  table: string
  bridge: string
  hasIpv6: boolean
  logger: Logger
}

export function ownAddresses({ table, bridge, hasIpv6, logger }: OwnAddressesOptions): OwnAddresses {
  let applied: string | undefined
  let isSupported = true
  let turn: Promise<void> = Promise.resolve()
  const apply = () => {
    const next = turn.then(async () => {
      const attachments = attachmentsOf(table, bridge)
      const script = ownAddressRules(table, attachments, hasIpv6)
      if (script === applied) return
      applied = undefined
      const placed = run(['bridge', '-force', '-batch', '-'], { input: placeCommands(attachments) })
      const filtered = isSupported ? run(['nft', '-f', '-'], { input: script }) : undefined
      const [places, filters] = await Promise.allSettled([placed.catch(cableGone), filtered])
      if (places.status === 'rejected') throw places.reason
      if (filters.status === 'rejected') {
        const { reason } = filters
        if (!(reason instanceof RunError) || !reason.stderr.includes('not supported')) throw reason
        isSupported = false
        logger.warn(UNSUPPORTED)
      }
      applied = script
    })
    turn = next.catch(() => {})
    return next
  }
  return {
    get isSupported() {
      return isSupported
    },
    async bind() {
      try {
        await apply()
      } catch (error) {
        const message = `the node could not keep the pod to its own addresses (nft): ${(error as Error).message}`
        throw new PodProblem('PodAddressNotEnforced', message)
      }
    },
    again() {
      applied = undefined
      return apply()
    },
  }
}

/** A pod that has just ended has no cable any more; the others have their places. */
function cableGone(error: unknown): void {
  if (!(error instanceof RunError) || !error.stderr.includes('Cannot find device')) throw error
}

/** For `bridge -batch`: where the bridge finds each pod, whoever says that it is elsewhere. Pure. */
export function placeCommands(attachments: readonly Attachment[]): string {
  return attachments.map(({ port, mac }) => `fdb replace ${mac} dev ${port} master static sticky\n`).join('')
}

/** Replaces the table in one transaction: at no moment is a pod less bound. Pure. */
export function ownAddressRules(table: string, attachments: readonly Attachment[], hasIpv6 = false): string {
  const t = `bridge ${table}`
  const ports = [...new Set(attachments.map(({ port }) => `"${port}"`))].sort()
  const own = attachments.flatMap(({ port, mac, addresses }) =>
    addresses.filter(isIPv4).map((address) => `"${port}" . ${mac} . ${address}`),
  )
  const elements = (all: readonly string[]) => (all.length === 0 ? '' : `elements = { ${all.join(', ')} } ; `)
  return [
    `add table ${t}`,
    `delete table ${t}`,
    `add table ${t}`,
    `add set ${t} ports { type ifname ; ${elements(ports)}}`,
    `add set ${t} addresses { type ifname . ether_addr . ipv4_addr ; ${elements([...new Set(own)].sort())}}`,
    `add chain ${t} pod`,
    `add rule ${t} pod ether type ip iifname . ether saddr . ip saddr @addresses accept`,
    `add rule ${t} pod ether type arp iifname . ether saddr . arp saddr ip != @addresses drop`,
    `add rule ${t} pod ether type arp iifname . arp saddr ether . arp saddr ip @addresses accept`,
    ...(hasIpv6 ? neighbourRules(t, attachments) : []),
    // Tagged frames and whatever else has no filters; IPv6 too, where pods have none.
    `add rule ${t} pod drop`,
    `add chain ${t} prerouting { type filter hook prerouting priority -300 ; policy accept ; }`,
    `add rule ${t} prerouting iifname @ports goto pod`,
    '',
  ].join('\n')
}

/** With IPv6 neighbours find each other by packets of ICMP (RFC 4861): a pod answers for its own address alone, and is no router. */
function neighbourRules(t: string, attachments: readonly Attachment[]): string[] {
  const own = attachments.flatMap(({ port, mac, addresses }) =>
    addresses.flatMap((text) => {
      const address = parseRangeOf(6, text)
      return address === undefined ? [] : [{ port, mac, text, digits: address.first.toString(16) }]
    }),
  )
  const filled = (set: string, elements: readonly string[]) =>
    elements.length === 0 ? [] : [`add element ${t} ${set} { ${[...new Set(elements)].sort().join(', ')} }`]
  return [
    `add set ${t} addresses6 { type ifname . ether_addr . ipv6_addr ; }`,
    ...filled(
      'addresses6',
      own.map(({ port, mac, text }) => `"${port}" . ${mac} . ${text}`),
    ),
    // The address that is asked for or answered for, as it stands in the packet.
    `add set ${t} targets { typeof iifname . ${TARGET} ; }`,
    ...filled(
      'targets',
      own.map(({ port, digits }) => `"${port}" . 0x${digits}`),
    ),
    `add set ${t} macs { type ifname . ether_addr ; }`,
    ...filled(
      'macs',
      own.map(({ port, mac }) => `"${port}" . ${mac}`),
    ),
    `add rule ${t} pod ether type ip6 iifname . ether saddr != @macs drop`,
    `add rule ${t} pod icmpv6 type nd-neighbor-advert iifname . ${TARGET} @targets accept`,
    `add rule ${t} pod icmpv6 type { nd-neighbor-advert, nd-router-advert, nd-redirect } drop`,
    // Who asks says who it is; with the address that the kernel gave it, or none yet, it is nobody's neighbour.
    `add rule ${t} pod icmpv6 type { nd-neighbor-solicit, nd-router-solicit, mld-listener-report, mld2-listener-report } ip6 saddr { ::, fe80::/10 } accept`,
    `add rule ${t} pod ether type ip6 iifname . ether saddr . ip6 saddr @addresses6 accept`,
  ]
}
