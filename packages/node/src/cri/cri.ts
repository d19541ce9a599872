// The runtime service and the image service of one container runtime, call by call. All calls can throw CriError.

import { Connection } from './connection.ts'
import type { Message, MessageName } from './messages.ts'

export type SandboxConfig = Message<'PodSandboxConfig'>
export type ContainerConfig = Message<'ContainerConfig'>
export type Sandbox = Message<'PodSandbox'>
export type SandboxStatus = Message<'PodSandboxStatus'>
export type Container = Message<'Container'>
export type ContainerStatus = Message<'ContainerStatus'>
export type Mount = Message<'Mount'>
export type Device = Message<'Device'>
export type Image = Message<'Image'>
export type AuthConfig = Message<'AuthConfig'>
export type ContainerStats = Message<'ContainerStats'>
export type LinuxContainerResources = Message<'LinuxContainerResources'>

const QUICK_MS = 2 * 60_000
/** Images can be large and lines slow: a pull is bounded, but not by what is usual. */
const PULL_MS = 60 * 60_000
/** What a runtime may need to answer beyond the time-out that it was given. */
const SLACK_MS = 30_000

export type Cri = ReturnType<typeof connectCri>

export interface ExecResult {
  stdout: Buffer
  stderr: Buffer
  exitCode: number
}

/** Of the runtime that listens on the unix socket. Connects at the first call, and again by itself. */
export function connectCri(socket: string) {
  const connection = new Connection(socket)
  const runtime = callerOf(connection, 'runtime.v1.RuntimeService')
  const images = callerOf(connection, 'runtime.v1.ImageService')
  const byContainer =
    (method: string) =>
    (containerId: string, timeoutMs = QUICK_MS) =>
      runtime(method, 'ContainerId', 'Empty', { containerId }, timeoutMs)
  const bySandbox =
    (method: string) =>
    (podSandboxId: string, timeoutMs = QUICK_MS) =>
      runtime(method, 'PodSandboxId', 'Empty', { podSandboxId }, timeoutMs)
  return {
    version: () => runtime('Version', 'VersionRequest', 'VersionResponse', {}),
    status: async (verbose = false) => runtime('Status', 'StatusRequest', 'StatusResponse', { verbose }),

    runPodSandbox: async (config: SandboxConfig, runtimeHandler = ''): Promise<string> => {
      const request = { config, runtimeHandler }
      const answer = await runtime(
        'RunPodSandbox',
        'RunPodSandboxRequest',
        'PodSandboxId',
        request,
        4 * 60_000,
      )
      return answer.podSandboxId ?? ''
    },
    /** Idempotent: kills what runs in it and takes its network down. */
    stopPodSandbox: bySandbox('StopPodSandbox'),
    removePodSandbox: bySandbox('RemovePodSandbox'),
    podSandboxStatus: async (podSandboxId: string): Promise<SandboxStatus> => {
      const request = { podSandboxId }
      const answer = await runtime(
        'PodSandboxStatus',
        'PodSandboxStatusRequest',
        'PodSandboxStatusResponse',
        request,
      )
      return answer.status ?? {}
    },
    listPodSandboxes: async (filter: Message<'PodSandboxFilter'> = {}): Promise<Sandbox[]> => {
      const request = { filter }
      const answer = await runtime(
        'ListPodSandbox',
        'ListPodSandboxRequest',
        'ListPodSandboxResponse',
        request,
      )
      return answer.items ?? []
    },

    createContainer: async (request: Message<'CreateContainerRequest'>): Promise<string> => {
      const answer = await runtime('CreateContainer', 'CreateContainerRequest', 'ContainerId', request)
      return answer.containerId ?? ''
    },
    startContainer: byContainer('StartContainer'),
    /** SIGTERM, then SIGKILL after `graceSeconds`. Resolves when it has stopped. */
    stopContainer: (containerId: string, graceSeconds: number) => {
      const request = { containerId, timeout: graceSeconds }
      return runtime(
        'StopContainer',
        'StopContainerRequest',
        'Empty',
        request,
        graceSeconds * 1000 + QUICK_MS,
      )
    },
    removeContainer: byContainer('RemoveContainer'),
    reopenContainerLog: byContainer('ReopenContainerLog'),
    listContainers: async (filter: Message<'ContainerFilter'> = {}): Promise<Container[]> => {
      const request = { filter }
      const answer = await runtime(
        'ListContainers',
        'ListContainersRequest',
        'ListContainersResponse',
        request,
      )
      return answer.containers ?? []
    },
    containerStatus: async (containerId: string): Promise<ContainerStatus> => {
      const request = { containerId }
      const answer = await runtime(
        'ContainerStatus',
        'ContainerStatusRequest',
        'ContainerStatusResponse',
        request,
      )
      return answer.status ?? {}
    },
    updateContainerResources: (containerId: string, linux: LinuxContainerResources) =>
      runtime('UpdateContainerResources', 'UpdateContainerResourcesRequest', 'Empty', { containerId, linux }),
    /** Runs a command to its end; `timeoutSeconds` 0: no limit of the runtime's, a named one of ours. */
    execSync: async (containerId: string, cmd: string[], timeoutSeconds: number): Promise<ExecResult> => {
      const request = { containerId, cmd, timeout: timeoutSeconds }
      const limitMs = timeoutSeconds === 0 ? QUICK_MS : timeoutSeconds * 1000 + SLACK_MS
      const answer = await runtime('ExecSync', 'ExecSyncRequest', 'ExecSyncResponse', request, limitMs)
      const none = Buffer.alloc(0)
      return {
        stdout: answer.stdout ?? none,
        stderr: answer.stderr ?? none,
        exitCode: answer.exitCode ?? 0,
      }
    },
    /** These three give the URL of the runtime's own stream server. */
    exec: async (request: Message<'ExecRequest'>): Promise<string> =>
      (await runtime('Exec', 'ExecRequest', 'UrlResponse', request)).url ?? '',
    attach: async (request: Message<'AttachRequest'>): Promise<string> =>
      (await runtime('Attach', 'AttachRequest', 'UrlResponse', request)).url ?? '',
    portForward: async (request: Message<'PortForwardRequest'>): Promise<string> =>
      (await runtime('PortForward', 'PortForwardRequest', 'UrlResponse', request)).url ?? '',
    listContainerStats: async (filter: Message<'ContainerStatsFilter'> = {}): Promise<ContainerStats[]> => {
      const request = { filter }
      const answer = await runtime(
        'ListContainerStats',
        'ListContainerStatsRequest',
        'ListContainerStatsResponse',
        request,
      )
      return answer.stats ?? []
    },

    listImages: async (): Promise<Image[]> =>
      (await images('ListImages', 'ListImagesRequest', 'ListImagesResponse', {})).images ?? [],
    /** undefined: the node does not have it. */
    imageStatus: async (image: string): Promise<Image | undefined> => {
      const request = { image: { image } }
      return (await images('ImageStatus', 'ImageStatusRequest', 'ImageStatusResponse', request)).image
    },
    /** The reference by which the runtime knows what it pulled. */
    pullImage: async (image: string, auth?: AuthConfig, sandboxConfig?: SandboxConfig): Promise<string> => {
      const request = { image: { image }, auth, sandboxConfig }
      return (
        (await images('PullImage', 'PullImageRequest', 'PullImageResponse', request, PULL_MS)).imageRef ?? ''
      )
    },
    removeImage: (image: string) =>
      images('RemoveImage', 'RemoveImageRequest', 'Empty', { image: { image } }),
    imageFsInfo: () => images('ImageFsInfo', 'Empty', 'ImageFsInfoResponse', {}),

    connection,
    close: () => connection.close(),
  }
}

function callerOf(connection: Connection, service: string) {
  return <Q extends MessageName, A extends MessageName>(
    method: string,
    request: Q,
    answer: A,
    message: Message<Q>,
    timeoutMs = QUICK_MS,
  ) => connection.unary(`/${service}/${method}`, { request, answer }, message, timeoutMs)
}
