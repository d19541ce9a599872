// Where a node's agent listens, by what its Node object says.

import { notFound, StatusError } from '@brume/base/errors'
import type { ObjectReader } from '../registry/reader.ts'

export interface NodeAddress {
  host: string
  port: number
}

/** The kubelet's port, for agents that do not say. */
const DEFAULT_PORT = 10_250
const PREFERRED = ['InternalIP', 'InternalDNS', 'Hostname', 'ExternalIP', 'ExternalDNS']

/** Throws NotFound, or ServiceUnavailable for a node that has told no address. */
export function nodeAddress(reader: ObjectReader, name: string): NodeAddress {
  const node = reader.get('', 'nodes', '', name)
  if (node === undefined) throw notFound({ group: '', resource: 'nodes', name })
  const addresses: { type: string; address: string }[] = node['status']?.addresses ?? []
  const found = PREFERRED.map((type) => addresses.find((a) => a.type === type)).find((a) => a !== undefined)
  if (found === undefined) {
    const known = addresses.map(({ type, address }) => `${type}:${address}`).join(' ')
    throw new StatusError(
      'ServiceUnavailable',
      `node "${name}" cannot be asked: no preferred addresses found; known addresses: [${known}]`,
    )
  }
  const port = node['status']?.daemonEndpoints?.kubeletEndpoint?.Port
  return { host: found.address, port: port || DEFAULT_PORT }
}
