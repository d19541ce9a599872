// What the kernel knows of the card and of its neighbours, and what these are told. Asked by netlink and not in /sys: this
// process may be in a network namespace of its own.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunError, run } from '@brume/machine/run'
import { type Family, NUMBERS } from '../network/family.ts'
import { shown } from '../network/host.ts'
import {
  ANNOUNCED_SET,
  type CardAddress,
  type CardState,
  leaveCommand,
  leaveCommands,
  takeCommand,
} from './plan.ts'

/** Nobody listens there; what matters is the question that the kernel asks first. */
const DISCARD_PORT = 9
/** An answer on a LAN takes a millisecond. */
const PROBE_MS = 300
/** The kernel asks for a second whether an address of IPv6 is somebody's (RFC 4862); more where the site says so. */
const DAD_LIMIT_MS = 5000

/** Of the card that has the node's own address (of IPv4): its addresses of one family. */
export async function cardState(address: string, table: string, family: Family): Promise<CardState> {
  const card = (await links('ip')).find(({ addr_info }) => addr_info.some(({ local }) => local === address))
  if (card === undefined) throw new Error(`no card of this machine has the address ${address}`)
  const { ifname } = card
  const addresses = await addressesOf(ifname, family)
  return { card: ifname, family, addresses, told: await toldBefore(table, family) }
}

async function addressesOf(card: string, family: Family): Promise<CardAddress[]> {
  return (await links(family)).find(({ ifname }) => ifname === card)?.addr_info ?? []
}

async function links(family: Family): Promise<{ ifname: string; addr_info: CardAddress[] }[]> {
  return shown(['ip', '-json', `-${NUMBERS[family]}`, 'address', 'show'])
}

async function toldBefore(table: string, family: Family): Promise<string[]> {
  try {
    const { stdout } = await run(['nft', '-j', 'list', 'set', family, table, ANNOUNCED_SET])
    const parts: { set?: { elem?: string[] } }[] = JSON.parse(stdout).nftables
    return parts.flatMap(({ set }) => set?.elem ?? [])
  } catch (error) {
    if (error instanceof RunError) return []
    throw error
  }
}

/** Gives who has it already, if anybody, in words; else the card has it from now on, and the neighbours know. */
export async function take(ip: string, { card, family }: CardState): Promise<string | undefined> {
  return family === 'ip' ? takeIpv4(ip, card) : takeIpv6(ip, card)
}

async function takeIpv4(ip: string, card: string): Promise<string | undefined> {
  const holder = await holderOf(ip, card)
  if (holder !== undefined) return holder
  await run(takeCommand(card, ip))
  await tellNeighbours(ip, card)
  return undefined
}

/** The kernel asks whether it is somebody's before it answers for it, and tells all neighbours then. */
async function takeIpv6(ip: string, card: string): Promise<string | undefined> {
  writeFileSync(`/proc/sys/net/ipv6/conf/${card}/ndisc_notify`, '1')
  await run(takeCommand(card, ip))
  const end = performance.now() + DAD_LIMIT_MS
  // Without a cable it stays so, and the kernel asks when there is one.
  while (performance.now() < end) {
    const found = (await addressesOf(card, 'ip6')).find(({ local }) => local === ip)
    if (found?.dadfailed === true) {
      await run(leaveCommand(card, ip))
      return 'by neighbour discovery'
    }
    if (found?.tentative !== true) return undefined
    await sleep(PROBE_MS)
  }
  return undefined
}

/** Ethernet address of whoever answers for it; undefined: nobody does. */
async function holderOf(ip: string, card: string): Promise<string | undefined> {
  await forget(ip, card)
  await poke(ip, undefined)
  await sleep(PROBE_MS)
  const found = await shown<{ lladdr?: string }>(['ip', '-json', '-4', 'neigh', 'show', ip, 'dev', card])
  await forget(ip, card)
  return found.find(({ lladdr }) => lladdr !== undefined)?.lladdr
}

/**
 * A question for the way out, asked from the new address: it is broadcast, and whoever knows the address at another
 * machine learns the new one from it (RFC 826, "Packet Reception"). The way out is forgotten first, so that it is asked.
 */
async function tellNeighbours(ip: string, card: string): Promise<void> {
  const routes = await shown<{ gateway?: string }>([
    ...['ip', '-json', '-4', 'route', 'show', 'default', 'dev', card],
  ])
  const gateway = routes[0]?.gateway
  if (gateway === undefined) return
  await forget(gateway, card)
  await poke(gateway, ip)
}

async function forget(ip: string, card: string): Promise<void> {
  await run(['ip', 'neigh', 'del', ip, 'dev', card]).catch(() => {})
}

async function poke(ip: string, from: string | undefined): Promise<void> {
  const socket = createSocket('udp4')
  socket.on('error', () => {})
  try {
    socket.bind(0, from)
    await once(socket, 'listening')
    await new Promise<void>((resolve) => socket.send(Buffer.alloc(1), DISCARD_PORT, ip, () => resolve()))
  } finally {
    socket.close()
  }
}

/** Of a cloud that is taken away, or that answers for nothing of the family any more. Idempotent. */
export async function leaveAll(table: string, family: Family): Promise<void> {
  const told = await toldBefore(table, family)
  if (told.length === 0) return
  for (const { ifname, addr_info } of await links(family))
    for (const command of leaveCommands({ card: ifname, addresses: addr_info, told }, [])) await run(command)
}
