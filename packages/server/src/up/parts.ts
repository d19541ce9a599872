// What runs beside the control plane on a machine with containers: its node and its HTTP edge. What a containerless cloud
// never needs is not loaded for it.

import { rmSync } from 'node:fs'
import type { Logger } from '@brume/base/log'
import type { AcmeSettings } from '@brume/gateway/acme/controller'
import { DEFAULT_DOMAIN, HTTP_PORTS } from '@brume/machine/commands/up'
import type { NodeAgent } from '@brume/node/agent/agent'
import { RuntimeError } from '@brume/node/runtime/error'
import type { ControlPlane } from '../control-plane.ts'
import type { DataDir } from '../data-dir.ts'
import type { Edge } from '../local-edge.ts'
import { UserError } from '../user-error.ts'
import type { UpOptions } from './up.ts'

export interface LocalNode {
  node: NodeAgent
  /** Another agent serves a node of this name. */
  refused: Promise<UserError | undefined>
}

/** Throws UserError. */
export async function startNode(
  options: UpOptions,
  of: { dir: DataDir; plane: ControlPlane; logger: Logger; serviceRange: string; rangesAreGiven: boolean },
): Promise<LocalNode> {
  const { startLocalNode } = await import('../local-node.ts')
  const { nodeName, cniConfDir, eviction, encryption, httpPorts = HTTP_PORTS } = options
  const { promise: refused, resolve } = Promise.withResolvers<UserError | undefined>()
  try {
    const node = await startLocalNode({
      ...of,
      nodeName,
      cniConfDir,
      eviction,
      edgePorts: Object.values(httpPorts),
      encryption,
      onRefused(message) {
        of.logger.error(message)
        resolve(new UserError(message, './brume up --node-name ANOTHER'))
      },
    })
    return { node, refused }
  } catch (error) {
    rmSync(of.dir.running, { force: true })
    await of.plane.close(0)
    throw error instanceof RuntimeError ? new UserError(error.message, error.next, { cause: error }) : error
  }
}

/** undefined: it could not be started; why is in the log. */
export async function startEdge(
  {
    httpPorts = HTTP_PORTS,
    domain = DEFAULT_DOMAIN,
    accessLog = true,
    edgeMetricsPort,
    edgeClients,
  }: UpOptions,
  of: {
    dir: DataDir
    plane: ControlPlane
    logger: Logger
    acme: AcmeSettings | undefined
    podRanges: readonly string[] | undefined
  },
): Promise<Edge | undefined> {
  const { startLocalEdge } = await import('../local-edge.ts')
  const { nodeAddress } = await import('@brume/node/registration/addresses')
  await of.plane.ready
  try {
    return await startLocalEdge({
      ...of,
      ports: httpPorts,
      domain,
      addresses: [nodeAddress()],
      accessLog,
      metricsPort: edgeMetricsPort,
      clients: edgeClients,
    })
  } catch (error) {
    of.logger.error('the HTTP edge could not be started; everything else goes on', { error })
    return undefined
  }
}
