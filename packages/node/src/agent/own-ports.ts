// TCP ports at which a node itself is reached, so that no Service and no pod may lead them elsewhere. Pure but for one look
// at what is listened on.

import { listeningPorts } from '@brume/machine/ports'

const SSH = 22
/** Of agents; one that did not get it has another. */
const KUBELET = 10_250
const HTTPS = 443

export interface OwnPortsOptions {
  /** Of the API. */
  url: string
  /** Of the HTTP edge, where this machine is to have one. It listens only while there is an Ingress. */
  edgePorts: readonly number[]
}

export function ownPorts(
  { url, edgePorts }: OwnPortsOptions,
  listening: () => readonly number[] = listeningPorts,
): number[] {
  const api = Number(new URL(url).port) || HTTPS
  const used = edgePorts.length === 0 ? [] : listening()
  return [...new Set([SSH, KUBELET, api, ...edgePorts.filter((port) => used.includes(port))])]
}
