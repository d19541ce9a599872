// How a node reaches the pods of the others: encrypted where both ends can do it and it is wanted, plain where it may be.

import type { ControllerSpec } from '@brume/client/controller'
import { overlay } from './overlay.ts'
import { type WireguardOptions, wireguard } from './wireguard/wireguard.ts'

export interface TunnelOptions extends WireguardOptions {
  hasIpv6: boolean
  /** This node's address towards the others, and the CA of the cloud. */
  address: string
  caPem: string
}

export function tunnels(options: TunnelOptions): ControllerSpec[] {
  const { nodeName, logger } = options.context
  const secure = wireguard(options)
  return [secure.spec, overlay({ ...options, nodeName, logger, passesBy: secure.carries })]
}
