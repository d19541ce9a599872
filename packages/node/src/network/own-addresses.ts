// A pod speaks under its own addresses alone, also to its neighbours: the bridge takes nothing else from its cable, and
// never looks for the pod at another one. Pods that nothing is known of have no container yet.

import { isIPv4 } from 'node:net'
import type { Logger } from '@brume/base/log'
import { RunError, run } from '@brume/machine/run'
import { PodProblem } from '../contract.ts'
import { type Attachment, attachmentsOf } from './attachments.ts'

const UNSUPPORTED =
  "pods are not kept from using a neighbour's address on this node: its kernel has no nftables for bridges (CONFIG_NF_TABLES_BRIDGE)"

export interface OwnAddresses {
  /** Known once anything has been bound. */
  readonly isSupported: boolean
  /** Every pod that there is now: before a container of a new one is started. Throws PodProblem. */
  bind(): Promise<void>
  /** The kernel may have lost them. Throws RunError. */
  again(): Promise<void>
}

/** `table`: also the name of the CNI network. */
export function ownAddresses(table: string, bridge: string, logger: Logger): OwnAddresses {
  let applied: string | undefined
  let isSupported = true
  let turn: Promise<void> = Promise.resolve()
  const apply = () => {
    const next = turn.then(async () => {
      const attachments = attachmentsOf(table, bridge)
      const script = ownAddressRules(table, attachments)
      if (script === applied) return
      applied = undefined
      await run(['bridge', '-force', '-batch', '-'], { input: placeCommands(attachments) }).catch(cableGone)
      if (!isSupported) {
        applied = script
        return
      }
      try {
        await run(['nft', '-f', '-'], { input: script })
        applied = script
      } catch (error) {
        if (!(error instanceof RunError) || !error.stderr.includes('not supported')) throw error
        isSupported = false
        applied = script
        logger.warn(UNSUPPORTED)
      }
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
export function ownAddressRules(table: string, attachments: readonly Attachment[]): string {
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
    // IPv6, tagged frames and whatever else has no filters.
    `add rule ${t} pod drop`,
    `add chain ${t} prerouting { type filter hook prerouting priority -300 ; policy accept ; }`,
    `add rule ${t} prerouting iifname @ports goto pod`,
    '',
  ].join('\n')
}
