// Addresses of Services of type LoadBalancer that this node answers for on the LAN: each is an address of the card that
// the node's own address is on, so that the kernel answers ARP for it, and is told to the neighbours once. What the
// Service does not have a port for is refused, so that the machine's own services are not reached by it.

import { isIPv4 } from 'node:net'
import { ANNOUNCED_BY } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { run } from '@brume/machine/run'
import { cardState, holderOf, leaveAll, tellNeighbours } from './lan.ts'
import { freshAddresses, leaveCommands, tableLines, takeCommand } from './plan.ts'

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
  let filtered: string | undefined
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
      const script = `${tableLines(table, addresses).join('\n')}\n`
      if (addresses.length === 0) {
        if (script === filtered) return
        await leaveAll(table)
        await run(['nft', '-f', '-'], { input: script })
        filtered = script
        return
      }
      const state = await cardState(options.address, table)
      for (const command of leaveCommands(state, addresses)) await run(command)
      if (script !== filtered) await run(['nft', '-f', '-'], { input: script })
      filtered = script
      const clashes: string[] = []
      for (const ip of freshAddresses(state, addresses)) {
        const holder = await holderOf(ip, state.card)
        if (holder === undefined) {
          await run(takeCommand(state.card, ip))
          await tellNeighbours(ip, state.card)
          continue
        }
        const clash = `${ip} is answered for by another machine of the LAN (${holder})`
        for (const service of servicesWith(services.store.list(), ip)) options.onClash(service, clash)
        clashes.push(clash)
      }
      // Another node may be about to give it up: soon again, then less and less often.
      if (clashes.length > 0) throw new Error(clashes.join('; '))
    },
  })
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
    .filter((ip) => typeof ip === 'string' && isIPv4(ip))
}

function isBalancer({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ANNOUNCED_BY] !== undefined
}
