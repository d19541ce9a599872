// What the CNI library keeps of each interface that it made.

/** Here, whatever the configuration says; file names begin with the network's name. */
export const CNI_RESULTS = '/var/lib/cni/results'

/** `NETWORK-CONTAINER-INTERFACE`; another cloud's network may have ours for a beginning. */
export function isResultOf(network: string, file: string): boolean {
  return file.startsWith(`${network}-`) && /^[0-9a-f]{64}-/.test(file.slice(network.length + 1))
}
