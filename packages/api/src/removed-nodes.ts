// Nodes that an administrator has removed: the ConfigMap that says so, and how the API server says it to such a node.

/** A ConfigMap: the name of each node that was removed, and when (RFC 3339). */
export const REMOVED_NODES = { namespace: 'kube-system', name: 'removed-nodes' } as const

/** The cause of the 401 that a removed node gets for a certificate of before its removal. */
export const NODE_REMOVED = 'NodeRemoved'
