// Names by which the parts of a cloud tell each other about its network.

/** Annotation of a Node: the addresses of all pods of the cloud, of which the node's are a part; with both families `IPv4,IPv6`. */
export const POD_RANGE = 'brume.dev/pod-range'

/** Annotation of a Node: the addresses of the cloud's Services, of each family. */
export const SERVICE_RANGE = 'brume.dev/service-range'

/**
 * The user as whom the network part of a node's agent reads what other nodes' pods have to do with it: Services and their
 * endpoints, all nodes, and the addresses and labels of all pods, for policies. Only nodes may act as it.
 */
export const NETWORK_USER = 'system:brume:network'

/** ConfigMap of kube-system with the addresses that Services of type LoadBalancer may have, in its entry `addresses`. */
export const ADDRESS_POOL = 'load-balancer-addresses'

/** Annotation of a Service: the node that answers for its addresses on the LAN. */
export const ANNOUNCED_BY = 'brume.dev/announced-by'

/** Annotation of a Service: the address of the pool that it wants. */
export const WANTED_ADDRESS = 'brume.dev/load-balancer-ip'

/** Annotations of a Node: its end of encrypted tunnels (WireGuard): the public key, in base64, and the UDP port. */
export const WIREGUARD_KEY = 'brume.dev/wireguard-key'
export const WIREGUARD_PORT = 'brume.dev/wireguard-port'
