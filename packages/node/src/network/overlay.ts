// The tunnels between the nodes of a cloud: one VXLAN device (RFC 7348), told of every other node by its Node object. The
// switches between them need to know nothing. With one node there is no device.

import type { KubeObject } from '@brume/api/object'
import type { Logger } from '@brume/base/log'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { ownNames } from '@brume/machine/own-names'
import { run } from '@brume/machine/run'
import { addressesOf, linkKind, shown, shownOfBoth } from './host.ts'
import {
  type KernelState,
  networkId,
  nodeIpOf,
  overlayCommands,
  type Peer,
  peersOf,
  podRangesOf,
  tunnelEnd,
  tunnelMac,
} from './overlay-plan.ts'

export interface OverlayOptions {
  nodes: Informer
  nodeName: string
  dataDir: string
  /** Of this node's pods. */
  podRange: string
  hasIpv6: boolean
  /** This node's address towards the others. */
  address: string
  mtu: number
  caPem: string
  /** Its pods are reached otherwise, or not at all. */
  passesBy(node: KubeObject): boolean
  logger: Logger
}

const KEY = 'overlay'
/** Port of Linux' own choice, as most clouds have it. */
const PORT = 8472
/** Somebody may have changed what the kernel knows. */
const LOOK_EVERY_MS = 60_000

export function overlay(options: OverlayOptions): ControllerSpec {
  const { nodes, nodeName, dataDir, passesBy, logger } = options
  const dev = ownNames(dataDir).tunnel
  return defineController<Peer[], { type: 'reach'; peers: Peer[] }>({
    name: 'overlay',
    sources: [fromInformer(nodes, () => [KEY])],
    rateLimit: { baseMs: 500, maxMs: 30_000 },
    observe() {
      const others = nodes.store.list().filter((node) => !passesBy(node))
      return peersOf(others.map(seen), nodeName)
    },
    decide: (peers) => ({ actions: [{ type: 'reach', peers }], requeueAfterMs: LOOK_EVERY_MS }),
    async act({ peers }) {
      if (peers.length === 0) {
        if ((await linkKind(dev)) === 'vxlan') await run(['ip', 'link', 'del', dev])
        return
      }
      await ensureDevice(dev, options)
      for (const command of overlayCommands(dev, await kernelState(dev), peers)) {
        logger.debug('tunnel', { command: command.join(' ') })
        await run(command)
      }
    },
  })
}

function seen(node: KubeObject) {
  return {
    name: node.metadata.name ?? '',
    podRanges: podRangesOf(node),
    address: nodeIpOf(node),
  }
}

async function ensureDevice(
  dev: string,
  { nodeName, podRange, hasIpv6, address, mtu, caPem }: OverlayOptions,
): Promise<void> {
  if ((await linkKind(dev)) === undefined) {
    const id = String(networkId(caPem))
    const tunnel = ['type', 'vxlan', 'id', id, 'local', address, 'dstport', String(PORT), 'nolearning']
    await run(['ip', 'link', 'add', dev, 'address', tunnelMac(nodeName), 'mtu', String(mtu), ...tunnel])
  }
  // The address that the others know it by follows from its Ethernet address, whatever the machine's habit is.
  if (hasIpv6) await run(['ip', 'link', 'set', dev, 'addrgenmode', 'eui64'])
  const end = `${tunnelEnd(podRange)}/32`
  if (!(await addressesOf(dev)).includes(end)) await run(['ip', 'address', 'add', end, 'dev', dev])
  await run(['ip', 'link', 'set', dev, 'up'])
}

async function kernelState(dev: string): Promise<KernelState> {
  const [routes, neighbours, places] = await Promise.all([
    shownOfBoth<{ dst: string; gateway?: string }>(['route', 'show', 'dev', dev]),
    shownOfBoth<{ dst: string; lladdr?: string }>(['neigh', 'show', 'dev', dev, 'nud', 'permanent']),
    shown<{ mac: string; dst?: string }>(['bridge', '-json', 'fdb', 'show', 'dev', dev]),
  ])
  return {
    routes: routes.flatMap(({ dst, gateway }) =>
      gateway === undefined ? [] : [{ range: dst, end: gateway }],
    ),
    neighbours: neighbours.flatMap(({ dst, lladdr }) =>
      lladdr === undefined ? [] : [{ end: dst, mac: lladdr }],
    ),
    places: places.flatMap(({ mac, dst }) => (dst === undefined ? [] : [{ mac, nodeIp: dst }])),
  }
}
