// The CNI configuration of the node's bridge, for the plugins of the distribution. Pure.

export interface BridgeNetwork {
  /** Also the name under which plugins keep what they know. */
  name: string
  bridge: string
  /** One of each family that pods have. */
  ranges: readonly string[]
  mtu: number
  /** Where host-local writes which addresses are given. */
  stateDir: string
}

/** All plugins since 0.8 know it; runtimes of today read it. */
const CNI_VERSION = '0.4.0'

export const CNI_CONF_FILE = '10-brume.conflist'

/** Text of the configuration list. Masquerading and host ports are not here: they are in nftables, in a table of ours. */
export function cniConf({ name, bridge, ranges, mtu, stateDir }: BridgeNetwork): string {
  const plugin = {
    type: 'bridge',
    bridge,
    mtu,
    isGateway: true,
    isDefaultGateway: true,
    // A pod may reach itself over a host port or a Service.
    hairpinMode: true,
    ipMasq: false,
    ipam: { type: 'host-local', dataDir: stateDir, ranges: ranges.map((subnet) => [{ subnet }]) },
  }
  return `${JSON.stringify({ cniVersion: CNI_VERSION, name, plugins: [plugin] }, null, 2)}\n`
}
