// The node agent, put together: its own containerd, the pod network, registration, and the pod worker with everything
// that it uses. Ending it leaves all containers running; the next one adopts them.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Client } from '@brume/client/client'
import { EventRecorder } from '@brume/client/event-recorder'
import type { NodeContext } from '../contract.ts'
import { connectCri } from '../cri/cri.ts'
import type { EvictionSettings } from '../eviction/thresholds.ts'
import type { Encryption } from '../network/encryption.ts'
import { keepNetwork } from '../network/mend.ts'
import { ensureNetwork, keptRanges, type NetworkOptions } from '../network/network.ts'
import { startContainerd } from '../runtime/containerd.ts'
import { ensureSandboxImage } from '../runtime/import-image.ts'
import { type RegistryAccess, writeRegistryHosts } from '../runtime/registry-hosts.ts'
import { type ClaimedRange, claimRange } from './claim-range.ts'
import { nodeDirsAt } from './dirs.ts'
import { type RunningParts, runParts } from './run-parts.ts'

export interface NodeAgentOptions {
  dataDir: string
  nodeName: string
  /** As the user system:node:NAME. */
  client: Client
  clock: Clock
  logger: Logger
  credentials: NodeCredentials
  /** How containerd reaches the built-in registry. */
  registry: RegistryAccess
  /** A site's own CNI configuration instead of the built-in network. */
  cniConfDir?: string | undefined
  /** The cloud gives each node a range for its pods; else the node takes one that nobody here uses. */
  rangesAreGiven?: boolean
  /** Of Services: no pod gets an address of it. */
  serviceRange?: string | undefined
  /** Of the HTTP edge on this machine. */
  edgePorts?: readonly number[]
  /** Of what goes to other nodes. Default: where both ends can do it. */
  encryption?: Encryption | undefined
  /** When pods have to go. Default: our own thresholds. */
  eviction?: EvictionSettings | undefined
  /** For a Node that is new; later edits stay. */
  labels?: Readonly<Record<string, string>>
  /** Another agent serves a node of this name: this one does nothing more. */
  onRefused(message: string): void
}

/** PEM. The certificate is good for both ways: towards the API server and from it. */
export interface NodeCredentials {
  ca: string
  certificate: string
  key: string
}

export interface NodeAgent {
  readonly nodeName: string
  /** The Node object is there and its first status is written. */
  readonly registered: Promise<KubeObject>
  setCredentials(credentials: NodeCredentials): void
  /** Containers go on. */
  close(): Promise<void>
}

/** Throws RuntimeError when this machine cannot run containers. Resolves when pods are being looked after. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { dataDir, nodeName, client, clock, logger } = options
  const dirs = nodeDirsAt(join(dataDir, 'node'))
  await mkdir(dirs.root, { recursive: true, mode: 0o711 })
  for (const dir of [dirs.pods, dirs.logs, dirs.manifests]) await mkdir(dir, { recursive: true, mode: 0o755 })
  const own = options.rangesAreGiven === true && options.cniConfDir === undefined
  const claimed = own ? await claimRange(options, keptRanges(dataDir)) : undefined
  const network = await ensureNetwork({ ...options, ...(claimed === undefined ? {} : rangesOf(claimed)) })
  const containerd = await startContainerd({
    dataDir,
    cniConfDir: options.cniConfDir,
    logger,
    onTrouble: () => running?.registration.refresh(),
  })
  const cri = connectCri(containerd.socket)
  writeRegistryHosts(containerd.paths, options.registry)
  await ensureSandboxImage(containerd.paths, cri)
  const recorder = new EventRecorder({ client, component: 'kubelet', clock, logger })
  const context: NodeContext = {
    nodeName,
    client,
    cri,
    clock,
    logger,
    dirs,
    event: (subject, text) => void recorder.record(subject, text),
  }
  let running: RunningParts | undefined
  running = await runParts(context, options, { network, runtimeHandlers: containerd.handlers })
  const stopKeeping = keepNetwork(network, { clock, logger })
  await running.ready
  let closing: Promise<void> | undefined
  return {
    nodeName,
    registered: running.registration.registered,
    setCredentials: running.setCredentials,
    close() {
      stopKeeping()
      closing ??= running.stop().finally(() => {
        cri.close()
        containerd.close()
      })
      return closing
    },
  }
}

function rangesOf({ node, cloud, services }: ClaimedRange): Partial<NetworkOptions> {
  const [range6, cloudRange6] = [node[1], cloud[1]]
  const ipv4 = {
    podRange: node[0],
    cloudRange: cloud[0],
    ...(services[0] === undefined ? {} : { serviceRange: services[0] }),
  }
  if (range6 === undefined || cloudRange6 === undefined) return ipv4
  return { ...ipv4, ipv6: { range: range6, cloudRange: cloudRange6, serviceRange: services[1] } }
}
