// The node agent of this machine inside this process. It is a client of the API like the agent of any other node: its
// own user, its own certificate.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTROL_PLANE_ROLE } from '@brume/api/node-membership'
import type { Pki } from '@brume/apiserver/auth/pki/ensure'
import { ensureLeaf, type Leaf } from '@brume/apiserver/auth/pki/leaf'
import { type Clock, systemClock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { NODES } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { type NodeAgent, type NodeAgentOptions, startNodeAgent } from '@brume/node/agent/agent'
import type { ControlPlane } from './control-plane.ts'
import type { DataDir } from './data-dir.ts'
import { SYSTEM_USER } from './identity.ts'
import { inProcessTransport } from './in-process-transport.ts'
import { defaultNodeName } from './node-name.ts'
import { renewedAgent } from './renewed-agent.ts'

export interface LocalNodeOptions
  extends Pick<
    NodeAgentOptions,
    | 'rangesAreGiven'
    | 'cniConfDir'
    | 'serviceRange'
    | 'edgePorts'
    | 'encryption'
    | 'eviction'
    | 'labels'
    | 'onRefused'
  > {
  plane: ControlPlane
  dir: DataDir
  /** Default: this machine's name. */
  nodeName?: string | undefined
  logger: Logger
  clock?: Clock
}

const LIFETIME_MS = 365 * 24 * 3600_000

/** Throws RuntimeError when containers cannot run here. The node is Ready some moments after `registered`. */
export async function startLocalNode(options: LocalNodeOptions): Promise<NodeAgent> {
  const { plane, dir, logger, clock = systemClock, nodeName = defaultNodeName(), ...rest } = options
  const user = { name: `system:node:${nodeName}`, groups: ['system:nodes', 'system:authenticated'] }
  const client = new Client({ transport: inProcessTransport(plane.server, user), clock })
  const folder = join(dir.root, 'node', 'pki')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'node')
  const leaf = await ensureNodeLeaf(plane.pki, { path, nodeName, clock })
  const agent = await startNodeAgent({
    ...rest,
    dataDir: dir.root,
    nodeName,
    client,
    clock,
    logger,
    credentials: credentialsOf(plane.pki, leaf),
    registry: {
      url: plane.url,
      ca: join(dir.pki, 'ca.crt'),
      certificate: `${path}.crt`,
      key: `${path}.key`,
    },
  })
  agent.registered
    .then(() => markControlPlane(plane, nodeName))
    .catch((error) =>
      logger.warn('the node could not be marked as the control plane', { error: String(error) }),
    )
  return renewedAgent(agent, {
    renew: async () => credentialsOf(plane.pki, await ensureNodeLeaf(plane.pki, { path, nodeName, clock })),
    disconnect: () => client.transport.close(),
    logger,
  })
}

/** No node may say that of itself. `brume node remove` knows it by that, and kubectl shows it. */
async function markControlPlane({ server }: ControlPlane, name: string): Promise<void> {
  const client = new Client({ transport: inProcessTransport(server, SYSTEM_USER) })
  const body = { metadata: { labels: { [CONTROL_PLANE_ROLE]: '' } } }
  await client.resource(NODES).patch({ name }, { type: 'merge', body })
}

/** One certificate for both ways: the node asks the API server, and the API server asks the node. */
function ensureNodeLeaf(
  pki: Pki,
  { path, nodeName, clock }: { path: string; nodeName: string; clock: Clock },
): Promise<Leaf> {
  return ensureLeaf({
    ca: pki.ca,
    clock,
    path,
    subject: { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] },
    extKeyUsages: ['client auth', 'server auth'],
    altNames: { dnsNames: [nodeName], ipAddresses: [] },
    lifetimeMs: LIFETIME_MS,
  })
}

function credentialsOf({ ca }: Pki, { certificatePem, privateKeyPem }: Leaf) {
  return { ca: ca.certificatePem, certificate: certificatePem, key: privateKeyPem }
}
