// The messages of the Container Runtime Interface, v1 (package runtime.v1), as far as a Linux node needs them: field
// name -> [number, type]. The types of message-types.ts and the wire format of codec.ts both come from this table.
// Source of the numbers: k8s.io/cri-api, pkg/apis/runtime/v1/api.proto (Kubernetes 1.32). Enums are numbers (enums.ts).

export const MESSAGES = {
  Empty: {},
  Int64Value: { value: [1, 'int64'] },
  UInt64Value: { value: [1, 'int64'] },
  VersionRequest: { version: [1, 'string'] },
  VersionResponse: {
    version: [1, 'string'],
    runtimeName: [2, 'string'],
    runtimeVersion: [3, 'string'],
    runtimeApiVersion: [4, 'string'],
  },
  StatusRequest: { verbose: [1, 'bool'] },
  StatusResponse: { status: [1, 'RuntimeStatus'], info: [2, 'map<string>'] },
  RuntimeStatus: { conditions: [1, 'RuntimeCondition[]'] },
  RuntimeCondition: {
    type: [1, 'string'],
    status: [2, 'bool'],
    reason: [3, 'string'],
    message: [4, 'string'],
  },

  DNSConfig: { servers: [1, 'string[]'], searches: [2, 'string[]'], options: [3, 'string[]'] },
  PortMapping: {
    protocol: [1, 'enum'],
    containerPort: [2, 'int32'],
    hostPort: [3, 'int32'],
    hostIp: [4, 'string'],
  },
  NamespaceOption: { network: [1, 'enum'], pid: [2, 'enum'], ipc: [3, 'enum'], targetId: [4, 'string'] },
  SELinuxOption: { user: [1, 'string'], role: [2, 'string'], type: [3, 'string'], level: [4, 'string'] },
  SecurityProfile: { profileType: [1, 'enum'], localhostRef: [2, 'string'] },
  Capability: {
    addCapabilities: [1, 'string[]'],
    dropCapabilities: [2, 'string[]'],
    addAmbientCapabilities: [3, 'string[]'],
  },

  PodSandboxMetadata: {
    name: [1, 'string'],
    uid: [2, 'string'],
    namespace: [3, 'string'],
    attempt: [4, 'int32'],
  },
  LinuxSandboxSecurityContext: {
    namespaceOptions: [1, 'NamespaceOption'],
    selinuxOptions: [2, 'SELinuxOption'],
    runAsUser: [3, 'Int64Value'],
    readonlyRootfs: [4, 'bool'],
    supplementalGroups: [5, 'int64[]'],
    privileged: [6, 'bool'],
    runAsGroup: [8, 'Int64Value'],
    seccomp: [9, 'SecurityProfile'],
    apparmor: [10, 'SecurityProfile'],
  },
  LinuxPodSandboxConfig: {
    cgroupParent: [1, 'string'],
    securityContext: [2, 'LinuxSandboxSecurityContext'],
    sysctls: [3, 'map<string>'],
    overhead: [4, 'LinuxContainerResources'],
    resources: [5, 'LinuxContainerResources'],
  },
  PodSandboxConfig: {
    metadata: [1, 'PodSandboxMetadata'],
    hostname: [2, 'string'],
    logDirectory: [3, 'string'],
    dnsConfig: [4, 'DNSConfig'],
    portMappings: [5, 'PortMapping[]'],
    labels: [6, 'map<string>'],
    annotations: [7, 'map<string>'],
    linux: [8, 'LinuxPodSandboxConfig'],
  },
  RunPodSandboxRequest: { config: [1, 'PodSandboxConfig'], runtimeHandler: [2, 'string'] },
  PodSandboxId: { podSandboxId: [1, 'string'] },
  PodSandboxStatusRequest: { podSandboxId: [1, 'string'], verbose: [2, 'bool'] },
  PodIP: { ip: [1, 'string'] },
  PodSandboxNetworkStatus: { ip: [1, 'string'], additionalIps: [2, 'PodIP[]'] },
  PodSandboxStatus: {
    id: [1, 'string'],
    metadata: [2, 'PodSandboxMetadata'],
    state: [3, 'enum'],
    createdAt: [4, 'int64'],
    network: [5, 'PodSandboxNetworkStatus'],
    labels: [7, 'map<string>'],
    annotations: [8, 'map<string>'],
    runtimeHandler: [9, 'string'],
  },
  PodSandboxStatusResponse: { status: [1, 'PodSandboxStatus'], info: [2, 'map<string>'] },
  StateValue: { state: [1, 'enum'] },
  PodSandboxFilter: { id: [1, 'string'], state: [2, 'StateValue'], labelSelector: [3, 'map<string>'] },
  ListPodSandboxRequest: { filter: [1, 'PodSandboxFilter'] },
  PodSandbox: {
    id: [1, 'string'],
    metadata: [2, 'PodSandboxMetadata'],
    state: [3, 'enum'],
    createdAt: [4, 'int64'],
    labels: [5, 'map<string>'],
    annotations: [6, 'map<string>'],
    runtimeHandler: [7, 'string'],
  },
  ListPodSandboxResponse: { items: [1, 'PodSandbox[]'] },

  ImageSpec: { image: [1, 'string'], annotations: [2, 'map<string>'], userSpecifiedImage: [18, 'string'] },
  KeyValue: { key: [1, 'string'], value: [2, 'string'] },
  Mount: {
    containerPath: [1, 'string'],
    hostPath: [2, 'string'],
    readonly: [3, 'bool'],
    selinuxRelabel: [4, 'bool'],
    propagation: [5, 'enum'],
    recursiveReadOnly: [8, 'bool'],
  },
  Device: { containerPath: [1, 'string'], hostPath: [2, 'string'], permissions: [3, 'string'] },
  HugepageLimit: { pageSize: [1, 'string'], limit: [2, 'int64'] },
  LinuxContainerResources: {
    cpuPeriod: [1, 'int64'],
    cpuQuota: [2, 'int64'],
    cpuShares: [3, 'int64'],
    memoryLimitInBytes: [4, 'int64'],
    oomScoreAdj: [5, 'int64'],
    cpusetCpus: [6, 'string'],
    cpusetMems: [7, 'string'],
    hugepageLimits: [8, 'HugepageLimit[]'],
    unified: [9, 'map<string>'],
    memorySwapLimitInBytes: [10, 'int64'],
  },
  LinuxContainerSecurityContext: {
    capabilities: [1, 'Capability'],
    privileged: [2, 'bool'],
    namespaceOptions: [3, 'NamespaceOption'],
    selinuxOptions: [4, 'SELinuxOption'],
    runAsUser: [5, 'Int64Value'],
    runAsUsername: [6, 'string'],
    readonlyRootfs: [7, 'bool'],
    supplementalGroups: [8, 'int64[]'],
    noNewPrivs: [11, 'bool'],
    runAsGroup: [12, 'Int64Value'],
    maskedPaths: [13, 'string[]'],
    readonlyPaths: [14, 'string[]'],
    seccomp: [15, 'SecurityProfile'],
    apparmor: [16, 'SecurityProfile'],
    supplementalGroupsPolicy: [17, 'enum'],
  },
  LinuxContainerConfig: {
    resources: [1, 'LinuxContainerResources'],
    securityContext: [2, 'LinuxContainerSecurityContext'],
  },
  ContainerMetadata: { name: [1, 'string'], attempt: [2, 'int32'] },
  ContainerConfig: {
    metadata: [1, 'ContainerMetadata'],
    image: [2, 'ImageSpec'],
    command: [3, 'string[]'],
    args: [4, 'string[]'],
    workingDir: [5, 'string'],
    envs: [6, 'KeyValue[]'],
    mounts: [7, 'Mount[]'],
    devices: [8, 'Device[]'],
    labels: [9, 'map<string>'],
    annotations: [10, 'map<string>'],
    logPath: [11, 'string'],
    stdin: [12, 'bool'],
    stdinOnce: [13, 'bool'],
    tty: [14, 'bool'],
    linux: [15, 'LinuxContainerConfig'],
  },
  CreateContainerRequest: {
    podSandboxId: [1, 'string'],
    config: [2, 'ContainerConfig'],
    sandboxConfig: [3, 'PodSandboxConfig'],
  },
  ContainerId: { containerId: [1, 'string'] },
  StopContainerRequest: { containerId: [1, 'string'], timeout: [2, 'int64'] },
  ContainerFilter: {
    id: [1, 'string'],
    state: [2, 'StateValue'],
    podSandboxId: [3, 'string'],
    labelSelector: [4, 'map<string>'],
  },
  ListContainersRequest: { filter: [1, 'ContainerFilter'] },
  Container: {
    id: [1, 'string'],
    podSandboxId: [2, 'string'],
    metadata: [3, 'ContainerMetadata'],
    image: [4, 'ImageSpec'],
    imageRef: [5, 'string'],
    state: [6, 'enum'],
    createdAt: [7, 'int64'],
    labels: [8, 'map<string>'],
    annotations: [9, 'map<string>'],
    imageId: [10, 'string'],
  },
  ListContainersResponse: { containers: [1, 'Container[]'] },
  ContainerStatusRequest: { containerId: [1, 'string'], verbose: [2, 'bool'] },
  ContainerStatus: {
    id: [1, 'string'],
    metadata: [2, 'ContainerMetadata'],
    state: [3, 'enum'],
    createdAt: [4, 'int64'],
    startedAt: [5, 'int64'],
    finishedAt: [6, 'int64'],
    exitCode: [7, 'int32'],
    image: [8, 'ImageSpec'],
    imageRef: [9, 'string'],
    reason: [10, 'string'],
    message: [11, 'string'],
    labels: [12, 'map<string>'],
    annotations: [13, 'map<string>'],
    mounts: [14, 'Mount[]'],
    logPath: [15, 'string'],
    resources: [16, 'ContainerResources'],
    imageId: [17, 'string'],
  },
  ContainerResources: { linux: [1, 'LinuxContainerResources'] },
  ContainerStatusResponse: { status: [1, 'ContainerStatus'], info: [2, 'map<string>'] },
  UpdateContainerResourcesRequest: {
    containerId: [1, 'string'],
    linux: [2, 'LinuxContainerResources'],
    annotations: [4, 'map<string>'],
  },
  ExecSyncRequest: { containerId: [1, 'string'], cmd: [2, 'string[]'], timeout: [3, 'int64'] },
  ExecSyncResponse: { stdout: [1, 'bytes'], stderr: [2, 'bytes'], exitCode: [3, 'int32'] },
  ExecRequest: {
    containerId: [1, 'string'],
    cmd: [2, 'string[]'],
    tty: [3, 'bool'],
    stdin: [4, 'bool'],
    stdout: [5, 'bool'],
    stderr: [6, 'bool'],
  },
  AttachRequest: {
    containerId: [1, 'string'],
    stdin: [2, 'bool'],
    tty: [3, 'bool'],
    stdout: [4, 'bool'],
    stderr: [5, 'bool'],
  },
  PortForwardRequest: { podSandboxId: [1, 'string'], port: [2, 'int32[]'] },
  UrlResponse: { url: [1, 'string'] },

  ImageFilter: { image: [1, 'ImageSpec'] },
  ListImagesRequest: { filter: [1, 'ImageFilter'] },
  Image: {
    id: [1, 'string'],
    repoTags: [2, 'string[]'],
    repoDigests: [3, 'string[]'],
    size: [4, 'int64'],
    uid: [5, 'Int64Value'],
    username: [6, 'string'],
    spec: [7, 'ImageSpec'],
    pinned: [8, 'bool'],
  },
  ListImagesResponse: { images: [1, 'Image[]'] },
  ImageStatusRequest: { image: [1, 'ImageSpec'], verbose: [2, 'bool'] },
  ImageStatusResponse: { image: [1, 'Image'], info: [2, 'map<string>'] },
  AuthConfig: {
    username: [1, 'string'],
    password: [2, 'string'],
    auth: [3, 'string'],
    serverAddress: [4, 'string'],
    identityToken: [5, 'string'],
    registryToken: [6, 'string'],
  },
  PullImageRequest: {
    image: [1, 'ImageSpec'],
    auth: [2, 'AuthConfig'],
    sandboxConfig: [3, 'PodSandboxConfig'],
  },
  PullImageResponse: { imageRef: [1, 'string'] },
  RemoveImageRequest: { image: [1, 'ImageSpec'] },
  FilesystemIdentifier: { mountpoint: [1, 'string'] },
  FilesystemUsage: {
    timestamp: [1, 'int64'],
    fsId: [2, 'FilesystemIdentifier'],
    usedBytes: [3, 'UInt64Value'],
    inodesUsed: [4, 'UInt64Value'],
  },
  ImageFsInfoResponse: {
    imageFilesystems: [1, 'FilesystemUsage[]'],
    containerFilesystems: [2, 'FilesystemUsage[]'],
  },

  ContainerStatsFilter: { id: [1, 'string'], podSandboxId: [2, 'string'], labelSelector: [3, 'map<string>'] },
  ListContainerStatsRequest: { filter: [1, 'ContainerStatsFilter'] },
  ContainerAttributes: {
    id: [1, 'string'],
    metadata: [2, 'ContainerMetadata'],
    labels: [3, 'map<string>'],
    annotations: [4, 'map<string>'],
  },
  CpuUsage: {
    timestamp: [1, 'int64'],
    usageCoreNanoSeconds: [2, 'UInt64Value'],
    usageNanoCores: [3, 'UInt64Value'],
  },
  MemoryUsage: {
    timestamp: [1, 'int64'],
    workingSetBytes: [2, 'UInt64Value'],
    availableBytes: [3, 'UInt64Value'],
    usageBytes: [4, 'UInt64Value'],
    rssBytes: [5, 'UInt64Value'],
    pageFaults: [6, 'UInt64Value'],
    majorPageFaults: [7, 'UInt64Value'],
  },
  ContainerStats: {
    attributes: [1, 'ContainerAttributes'],
    cpu: [2, 'CpuUsage'],
    memory: [3, 'MemoryUsage'],
    writableLayer: [4, 'FilesystemUsage'],
  },
  ListContainerStatsResponse: { stats: [1, 'ContainerStats[]'] },
  ContainerEventResponse: {
    containerId: [1, 'string'],
    containerEventType: [2, 'enum'],
    createdAt: [3, 'int64'],
    podSandboxStatus: [4, 'PodSandboxStatus'],
    containersStatuses: [5, 'ContainerStatus[]'],
  },

  // containerd's own event stream (containerd.services.events.v1), for runtimes without GetContainerEvents.
  SubscribeRequest: { filters: [1, 'string[]'] },
  Any: { typeUrl: [1, 'string'], value: [2, 'bytes'] },
  Envelope: { namespace: [2, 'string'], topic: [3, 'string'], event: [4, 'Any'] },
  /** What /tasks/start and /tasks/oom have in common: the container comes first. */
  TaskEvent: { containerId: [1, 'string'] },
  /** `id` is the container's own, or that of a process that was started in it. */
  TaskExit: { containerId: [1, 'string'], id: [2, 'string'] },
} as const

export type MessageName = keyof typeof MESSAGES

interface Scalars {
  string: string
  bool: boolean
  bytes: Buffer
  int32: number
  enum: number
  /** A safe integer; nanoseconds since the epoch lose their last digits, which nothing here needs. */
  int64: number
}

type FieldValue<T> = T extends `${infer E}[]`
  ? FieldValue<E>[]
  : T extends `map<${infer V}>`
    ? Record<string, FieldValue<V>>
    : T extends keyof Scalars
      ? Scalars[T]
      : T extends MessageName
        ? Message<T>
        : never

/** A message as plain data. proto3: a field that is absent has its type's zero value. */
export type Message<N extends MessageName> = {
  [F in keyof (typeof MESSAGES)[N]]?: (typeof MESSAGES)[N][F] extends readonly [number, infer T]
    ? FieldValue<T>
    : never
}
