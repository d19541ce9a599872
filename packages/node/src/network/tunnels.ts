// How a node reaches the pods of the others: encrypted where both ends can do it and it is wanted, plain where it may be.

import type { ControllerSpec } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import type { NodeContext } from '../contract.ts'
import type { Encryption } from './encryption.ts'
import { overlay } from './overlay.ts'
import { wireguard } from './wireguard/wireguard.ts'

export interface TunnelOptions {
  context: Pick<NodeContext, 'client' | 'event' | 'logger' | 'nodeName'>
  nodes: Informer
  encryption: Encryption
  dataDir: string
  /** Of the private key of the encrypted tunnels' end. */
  keyPath: string
  /** Of this node's pods. */
  podRange: string
  hasIpv6: boolean
  /** This node's address towards the others, and the CA of the cloud. */
  address: string
  caPem: string
  mtu: number
}

export function tunnels(options: TunnelOptions): ControllerSpec[] {
  const { nodeName, logger } = options.context
  const secure = wireguard(options)
  return [secure.spec, overlay({ ...options, nodeName, logger, passesBy: secure.carries })]
}
