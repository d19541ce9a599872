// Encrypted tunnels between the nodes of a cloud: one WireGuard device, told of every other node by its Node object, where
// each node shows the public key of its end. Nodes without one are left to the plain tunnels, if these are allowed.

import { isDeepStrictEqual } from 'node:util'
import { WIREGUARD_KEY, WIREGUARD_PORT } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { NODES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { ownNames } from '@brume/machine/own-names'
import { RunError, run } from '@brume/machine/run'
import type { NodeContext } from '../../contract.ts'
import { nodeSubject } from '../../event-subjects.ts'
import type { Encryption } from '../encryption.ts'
import { addressesOf, linkKind, shownOfBoth } from '../host.ts'
import { tunnelEnd } from '../overlay-plan.ts'
import { ensureWireguardKey } from './key.ts'
import {
  peersOfDump,
  type WireguardPeer,
  type WireguardState,
  wireguardCommands,
  wireguardOf,
  wireguardPeersOf,
} from './plan.ts'

export interface WireguardOptions {
  context: Pick<NodeContext, 'client' | 'event' | 'logger' | 'nodeName'>
  nodes: Informer
  encryption: Encryption
  dataDir: string
  /** Of the private key. */
  keyPath: string
  /** Of this node's pods. */
  podRange: string
  mtu: number
}

export interface Wireguard {
  spec: ControllerSpec
  /** The plain tunnels are not for this node. */
  carries(node: KubeObject): boolean
}

interface Observed {
  own: KubeObject | undefined
  others: readonly KubeObject[]
  peers: readonly WireguardPeer[]
  encryption: Encryption
}

type Action =
  | { type: 'make' }
  | { type: 'remove' }
  /** The end that others see now. */
  | { type: 'tell'; seen: End | undefined }
  | { type: 'reach'; peers: readonly WireguardPeer[] }
  | { type: 'warn'; message: string }

interface End {
  key: string
  port: number
}

const KEY = 'wireguard'
/** The usual one. Another cloud on this machine takes one of the next. */
const FIRST_PORT = 51_820
const PORTS = 100
const LOOK_EVERY_MS = 60_000

export function wireguard(options: WireguardOptions): Wireguard {
  const { context, nodes, encryption, dataDir, keyPath, podRange } = options
  const { client, event, logger, nodeName } = context
  const dev = ownNames(dataDir).wireguard
  /** Of this node, while it is there. */
  let end: End | undefined
  let said = ''
  const warn = (message: string) => {
    if (said === message) return
    said = message
    logger.warn(message)
    if (encryption === 'required')
      event(nodeSubject(nodeName), { type: 'Warning', reason: 'EncryptedTunnel', message })
  }
  const spec = defineController<Observed, Action>({
    name: 'wireguard',
    sources: [fromInformer(nodes, () => [KEY])],
    rateLimit: { baseMs: 500, maxMs: 30_000 },
    observe() {
      const all = nodes.store.list()
      return {
        own: all.find(({ metadata }) => metadata.name === nodeName),
        others: all.filter(({ metadata }) => metadata.name !== nodeName),
        peers: wireguardPeersOf(all, nodeName),
        encryption,
      }
    },
    decide: (observed) => ({ actions: actionsFor(observed), requeueAfterMs: LOOK_EVERY_MS }),
    async act(action) {
      switch (action.type) {
        case 'make':
          end = { key: ensureWireguardKey(keyPath), port: ownPort(dev) }
          try {
            await ensureDevice(dev, end, options)
          } catch (error) {
            if (!(error instanceof RunError)) throw error
            end = undefined
            warn(whyNot(error))
          }
          return
        case 'remove':
          end = undefined
          if ((await linkKind(dev)) === 'wireguard') await run(['ip', 'link', 'del', dev])
          return
        case 'tell': {
          if (isDeepStrictEqual(end, action.seen)) return
          const annotations = {
            [WIREGUARD_KEY]: end?.key ?? null,
            [WIREGUARD_PORT]: end === undefined ? null : String(end.port),
          }
          await client
            .resource(NODES)
            .patch({ name: nodeName }, { type: 'merge', body: { metadata: { annotations } } })
          return
        }
        case 'reach':
          if (end === undefined) return
          for (const command of wireguardCommands(dev, {
            known: await stateOf(dev),
            peers: action.peers,
            end: tunnelEnd(podRange) ?? '',
          })) {
            logger.debug('encrypted tunnel', { command: command.join(' ') })
            await run(command)
          }
          return
        case 'warn':
          if (end !== undefined) warn(action.message)
      }
    },
  })
  return {
    spec,
    carries: (node) => encryption === 'required' || (end !== undefined && wireguardOf(node) !== undefined),
  }
}

/** With one node there is no device. The end is told to the others when it is there, and before it is used. */
function actionsFor({ own, others, peers, encryption }: Observed): Action[] {
  const seen = own && wireguardOf(own)
  if (encryption === 'off') return [{ type: 'remove' }, { type: 'tell', seen }]
  if (others.length === 0) return []
  const open = others.filter((node) => wireguardOf(node) === undefined).map(({ metadata }) => metadata.name)
  const message = `pods of ${open.sort().join(', ')} are not reached: no end of an encrypted tunnel is there yet; its ./brume join says why`
  return [
    { type: 'make' },
    ...(own === undefined ? [] : [{ type: 'tell' as const, seen }]),
    { type: 'reach', peers },
    ...(encryption === 'required' && open.length > 0 ? [{ type: 'warn' as const, message }] : []),
  ]
}

/** Idempotent. A device of that name is used, whoever made it: a program does what the kernel cannot. Throws RunError. */
async function ensureDevice(
  dev: string,
  { key, port }: End,
  { keyPath, podRange, mtu }: WireguardOptions,
): Promise<void> {
  if ((await linkKind(dev)) === undefined) await run(['ip', 'link', 'add', dev, 'type', 'wireguard'])
  const { stdout } = await run(['wg', 'show', dev, 'dump'])
  const [, shownKey, shownPort] = (stdout.split('\n')[0] ?? '').split('\t')
  if (shownKey !== key) await run(['wg', 'set', dev, 'private-key', keyPath])
  if (shownPort !== String(port)) await run(['wg', 'set', dev, 'listen-port', String(port)])
  const address = `${tunnelEnd(podRange)}/32`
  if (!(await addressesOf(dev)).includes(address)) await run(['ip', 'address', 'add', address, 'dev', dev])
  await run(['ip', 'link', 'set', dev, 'mtu', String(mtu), 'up'])
}

/** The same at every start, and hardly that of another cloud on this machine. */
function ownPort(dev: string): number {
  const [, suffix] = /^brumew-([0-9a-f]+)$/.exec(dev) ?? []
  return suffix === undefined ? FIRST_PORT : FIRST_PORT + 1 + (Number.parseInt(suffix, 16) % (PORTS - 1))
}

async function stateOf(dev: string): Promise<WireguardState> {
  const [{ stdout: dump }, routes] = await Promise.all([
    run(['wg', 'show', dev, 'dump']),
    shownOfBoth<{ dst: string; protocol?: string }>(['route', 'show', 'dev', dev]),
  ])
  // The kernel's own ones (fe80::/64) are not ours to take away.
  return {
    peers: peersOfDump(dump),
    routes: routes.filter(({ protocol }) => protocol !== 'kernel').map(({ dst }) => dst),
  }
}

function whyNot(error: RunError): string {
  const open = 'tunnels to other nodes cannot be encrypted'
  if (error.code === 'ENOENT')
    return `${open}: wg is not installed (apt-get install --no-install-recommends wireguard-tools)`
  if (error.stderr.includes('Unknown device type'))
    return `${open}: the kernel has no WireGuard (modprobe wireguard)`
  return `${open}: ${error.message}`
}
