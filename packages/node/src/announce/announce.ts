// Addresses of Services of type LoadBalancer that this node answers for on the LAN: each is an address of the card that
// the node's own address is on, so that the kernel answers for it (ARP, neighbour discovery), and is told to the neighbours
// once. What the Service does not have a port for is refused, so that the machine's own services are not reached by it.

import { isIP } from 'node:net'
import { ANNOUNCED_BY } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { run } from '@brume/machine/run'
import type { Family } from '../network/family.ts'
import { cardState, leaveAll, take } from './lan.ts'
import { freshAddresses, leaveCommands, ofFamily, tableLines } from './plan.ts'

export interface AnnounceOptions {
  services: Informer
  nodeName: string
  /** This node's address towards the others. */
  address: string
  /** nft table of our own. */
  table: string
  /** Somebody else has the address; a sentence. */
  onClash(service: KubeObject, message: string): void
}

const KEY = 'announce'
/** Somebody may have taken an address away; caches of neighbours may have lost it. */
const LOOK_EVERY_MS = 60_000

export function announce(options: AnnounceOptions): ControllerSpec {
  const { services, nodeName, table } = options
  const filtered = new Map<Family, string>()
  return defineController<string[], { type: 'answer'; addresses: string[] }>({
    name: 'announce',
    sources: [
      fromInformer(services, (service, before) =>
        isBalancer(service) || (before !== undefined && isBalancer(before)) ? [KEY] : [],
      ),
    ],
    rateLimit: { baseMs: 500, maxMs: 30_000 },
    observe: () => announcedHere(services.store.list(), nodeName),
    // Nothing to answer for is said to the kernel too: an agent that was killed may have left something.
    decide: (addresses) => ({
      actions: [{ type: 'answer', addresses }],
      ...(addresses.length > 0 ? { requeueAfterMs: LOOK_EVERY_MS } : {}),
    }),
    async act({ addresses }) {
      const clashes: string[] = []
      for (const family of ['ip', 'ip6'] as const)
        clashes.push(...(await answer(family, ofFamily(family, addresses))))
      // Another node may be about to give it up: soon again, then less and less often.
      if (clashes.length > 0) throw new Error(clashes.join('; '))
    },
  })

  /** Gives sentences about those that another machine has. */
  async function answer(family: Family, addresses: readonly string[]): Promise<string[]> {
    const script = `${tableLines(table, addresses, family).join('\n')}\n`
    if (addresses.length === 0) {
      if (script === filtered.get(family)) return []
      await leaveAll(table, family)
      await run(['nft', '-f', '-'], { input: script })
      filtered.set(family, script)
      return []
    }
    const state = await cardState(options.address, table, family)
    for (const command of leaveCommands(state, addresses)) await run(command)
    if (script !== filtered.get(family)) await run(['nft', '-f', '-'], { input: script })
    filtered.set(family, script)
    const clashes: string[] = []
    for (const ip of freshAddresses(state, addresses)) {
      const holder = await take(ip, state)
      if (holder === undefined) continue
      const clash = `${ip} is answered for by another machine of the LAN (${holder})`
      for (const service of servicesWith(services.store.list(), ip)) options.onClash(service, clash)
      clashes.push(clash)
    }
    return clashes
  }
}

export function announcedHere(services: readonly KubeObject[], nodeName: string): string[] {
  return services
    .filter(({ metadata }) => metadata.annotations?.[ANNOUNCED_BY] === nodeName)
    .flatMap(addressesOf)
    .sort()
}

function servicesWith(services: readonly KubeObject[], ip: string): KubeObject[] {
  return services.filter((service) => addressesOf(service).includes(ip))
}

function addressesOf({ status }: KubeObject): string[] {
  return listOf(status?.['loadBalancer']?.ingress)
    .map(({ ip }) => ip)
    .filter((ip) => typeof ip === 'string' && isIP(ip) !== 0)
}

function isBalancer({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ANNOUNCED_BY] !== undefined
}
