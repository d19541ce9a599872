// What the kernel knows of the card and of its neighbours, and what these are told. Asked by netlink and not in /sys: this
// process may be in a network namespace of its own.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunError, run } from '@brume/machine/run'
import { ANNOUNCED_SET, type CardAddress, type CardState, labelOf } from './plan.ts'

/** Nobody listens there; what matters is the question that the kernel asks first. */
const DISCARD_PORT = 9
/** An answer on a LAN takes a millisecond. */
const PROBE_MS = 300

export async function cardState(address: string, table: string): Promise<CardState> {
  const { stdout } = await run(['ip', '-json', '-4', 'address', 'show'])
  const links: { ifname: string; addr_info: CardAddress[] }[] = JSON.parse(stdout)
  const link = links.find(({ addr_info }) => addr_info.some(({ local }) => local === address))
  if (link === undefined) throw new Error(`no card of this machine has the address ${address}`)
  return { card: link.ifname, addresses: link.addr_info, told: await toldBefore(table) }
}

async function toldBefore(table: string): Promise<string[]> {
  try {
    const { stdout } = await run(['nft', '-j', 'list', 'set', 'ip', table, ANNOUNCED_SET])
    const parts: { set?: { elem?: string[] } }[] = JSON.parse(stdout).nftables
    return parts.flatMap(({ set }) => set?.elem ?? [])
  } catch (error) {
    if (error instanceof RunError) return []
    throw error
  }
}

/** Ethernet address of whoever answers for it; undefined: nobody does. */
export async function holderOf(ip: string, card: string): Promise<string | undefined> {
  await forget(ip, card)
  await poke(ip, undefined)
  await sleep(PROBE_MS)
  const { stdout } = await run(['ip', '-json', '-4', 'neigh', 'show', ip, 'dev', card])
  const found: { lladdr?: string }[] = stdout.trim() === '' ? [] : JSON.parse(stdout)
  await forget(ip, card)
  return found.find(({ lladdr }) => lladdr !== undefined)?.lladdr
}

/**
 * A question for the way out, asked from the new address: it is broadcast, and whoever knows the address at another
 * machine learns the new one from it (RFC 826, "Packet Reception"). The way out is forgotten first, so that it is asked.
 */
export async function tellNeighbours(ip: string, card: string): Promise<void> {
  const { stdout } = await run(['ip', '-json', '-4', 'route', 'show', 'default', 'dev', card])
  const gateway: string | undefined = stdout.trim() === '' ? undefined : JSON.parse(stdout)[0]?.gateway
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

/** Of a cloud that is taken away. Idempotent. */
export async function leaveAll(table: string): Promise<void> {
  const told = await toldBefore(table)
  if (told.length === 0) return
  const { stdout } = await run(['ip', '-json', '-4', 'address', 'show'])
  const links: { ifname: string; addr_info: CardAddress[] }[] = JSON.parse(stdout)
  for (const { ifname, addr_info } of links) {
    for (const { local, label } of addr_info) {
      if (told.includes(local) && label === labelOf(ifname))
        await run(['ip', 'address', 'del', `${local}/32`, 'dev', ifname])
    }
  }
}
