// Names by which the parts of a cloud tell each other about its network.

/** Annotation of a Node: the addresses of all pods of the cloud, of which the node's are a part. */
export const POD_RANGE = 'brume.dev/pod-range'
