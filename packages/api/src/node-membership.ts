// Which nodes belong to the cloud, as the API server, the agents and people's tools say it to each other.

/** A ConfigMap: the name of each node that an administrator has removed, and when (RFC 3339). */
export const REMOVED_NODES = { namespace: 'kube-system', name: 'removed-nodes' } as const

/** The cause of the 401 that a removed node gets for a certificate of before its removal. */
export const NODE_REMOVED = 'NodeRemoved'

/** The label of the node on the control plane's own machine, Kubernetes' own. */
export const CONTROL_PLANE_ROLE = 'node-role.kubernetes.io/control-plane'
