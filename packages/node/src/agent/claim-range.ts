// The addresses of this node's pods, as the cloud gives them: the Node object says so. It is made here when it is not
// there yet; registration fills it in.

import { POD_RANGE, SERVICE_RANGE } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { NODES } from '@brume/client/builtin'
import { Informer } from '@brume/client/informer'
import { RuntimeError } from '../runtime/error.ts'
import type { NodeAgentOptions } from './agent.ts'

export interface ClaimedRange {
  /** Of this node's pods; as the others one of IPv4, then one of IPv6 in a cloud with both families. */
  node: readonly string[]
  /** Of all pods of the cloud. */
  cloud: readonly string[]
  services: readonly string[]
}

const LIMIT_MS = 60_000

/** `kept`: what pods of an earlier run have. Throws RuntimeError when none is given in time. */
export async function claimRange(options: NodeAgentOptions, kept: readonly string[]): Promise<ClaimedRange> {
  const { client, nodeName, clock, logger } = options
  const nodes = new Informer({
    resource: client.resource(NODES),
    fieldSelector: `metadata.name=${nodeName}`,
    clock,
    random: Math.random,
    logger,
  })
  const { promise, resolve, reject } = Promise.withResolvers<ClaimedRange>()
  const look = ({ metadata, spec }: KubeObject) => {
    const cloud = metadata.annotations?.[POD_RANGE]?.split(',') ?? []
    const services = metadata.annotations?.[SERVICE_RANGE]?.split(',') ?? []
    const node: string[] = spec?.['podCIDRs'] ?? []
    if (cloud.length > 0 && node.length >= cloud.length) resolve({ node, cloud, services })
  }
  nodes.addHandler({ add: look, update: look })
  const timer = clock.after(LIMIT_MS, () => {
    const why = `the cloud gave node ${nodeName} no addresses for its pods within ${LIMIT_MS / 1000} s`
    reject(new RuntimeError(why, `kubectl describe node ${nodeName}   (its events say why)`))
  })
  try {
    await ensureNode(options, kept)
    nodes.start()
    return await promise
  } finally {
    timer.cancel()
    await nodes.stop()
  }
}

async function ensureNode({ client, nodeName }: NodeAgentOptions, kept: readonly string[]): Promise<void> {
  const labels = { 'kubernetes.io/hostname': nodeName }
  const spec = kept.length === 0 ? {} : { podCIDR: kept[0], podCIDRs: kept }
  try {
    await client
      .resource(NODES)
      .create({ apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, labels }, spec })
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists')) throw error
  }
}
