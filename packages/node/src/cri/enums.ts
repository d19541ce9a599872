// The CRI's enumerations as numbers. Source: k8s.io/cri-api, pkg/apis/runtime/v1/api.proto.

export const SANDBOX_READY = 0
export const SANDBOX_NOTREADY = 1

export const CONTAINER_CREATED = 0
export const CONTAINER_RUNNING = 1
export const CONTAINER_EXITED = 2
export const CONTAINER_UNKNOWN = 3

/** Namespaces: shared by the pod, of the container alone, the node's, or of another container (`targetId`). */
export const NAMESPACE_POD = 0
export const NAMESPACE_CONTAINER = 1
export const NAMESPACE_NODE = 2
export const NAMESPACE_TARGET = 3

export const PROPAGATION_PRIVATE = 0
export const PROPAGATION_HOST_TO_CONTAINER = 1
export const PROPAGATION_BIDIRECTIONAL = 2

export const PROFILE_RUNTIME_DEFAULT = 0
export const PROFILE_UNCONFINED = 1
export const PROFILE_LOCALHOST = 2

export const PROTOCOLS: Readonly<Record<string, number>> = { TCP: 0, UDP: 1, SCTP: 2 }
