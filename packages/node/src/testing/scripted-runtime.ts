// A container runtime for tests of what no runtime does on demand: to fail, to hang, to report this and that. It speaks
// real gRPC on a real socket; what it answers is the test's to say.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { decodeMessage, encodeMessage } from '../cri/codec.ts'
import { type Cri, connectCri } from '../cri/cri.ts'
import type { Message, MessageName } from '../cri/messages.ts'

/** Method -> what it answers, or a promise of it; throw a RuntimeFault to refuse. */
export type Script = {
  -readonly [M in keyof typeof METHODS]?: (
    request: Message<(typeof METHODS)[M][1]>,
  ) => Message<(typeof METHODS)[M][2]> | Promise<Message<(typeof METHODS)[M][2]>>
}

/** A refusal with a gRPC status code. */
export class RuntimeFault extends Error {
  readonly code: number

  constructor(code: keyof typeof status, message: string) {
    super(message)
    this.code = status[code]
  }
}

export interface ScriptedRuntime {
  cri: Cri
  /** May be changed while it runs. */
  script: Script
  /** Nothing listens any more. */
  kill(): void
  /** Listens again. */
  revive(): Promise<void>
  stop(): Promise<void>
}

const RUNTIME = 'runtime.v1.RuntimeService'
const IMAGE = 'runtime.v1.ImageService'

const METHODS = {
  Version: [RUNTIME, 'VersionRequest', 'VersionResponse'],
  Status: [RUNTIME, 'StatusRequest', 'StatusResponse'],
  ListPodSandbox: [RUNTIME, 'ListPodSandboxRequest', 'ListPodSandboxResponse'],
  PodSandboxStatus: [RUNTIME, 'PodSandboxStatusRequest', 'PodSandboxStatusResponse'],
  RemovePodSandbox: [RUNTIME, 'PodSandboxId', 'Empty'],
  StopPodSandbox: [RUNTIME, 'PodSandboxId', 'Empty'],
  ListContainers: [RUNTIME, 'ListContainersRequest', 'ListContainersResponse'],
  ContainerStatus: [RUNTIME, 'ContainerStatusRequest', 'ContainerStatusResponse'],
  RemoveContainer: [RUNTIME, 'ContainerId', 'Empty'],
  ExecSync: [RUNTIME, 'ExecSyncRequest', 'ExecSyncResponse'],
  ListContainerStats: [RUNTIME, 'ListContainerStatsRequest', 'ListContainerStatsResponse'],
  ListImages: [IMAGE, 'ListImagesRequest', 'ListImagesResponse'],
  ImageStatus: [IMAGE, 'ImageStatusRequest', 'ImageStatusResponse'],
  PullImage: [IMAGE, 'PullImageRequest', 'PullImageResponse'],
  RemoveImage: [IMAGE, 'RemoveImageRequest', 'Empty'],
  ImageFsInfo: [IMAGE, 'Empty', 'ImageFsInfoResponse'],
} as const satisfies Record<string, readonly [string, MessageName, MessageName]>

/** Answers to be healthy, with no images and no pods. */
export const HEALTHY: Script = {
  Version: () => ({ runtimeName: 'scripted', runtimeVersion: 'v1.0.0', runtimeApiVersion: 'v1' }),
  Status: () => ({
    status: {
      conditions: [
        { type: 'RuntimeReady', status: true },
        { type: 'NetworkReady', status: true },
      ],
    },
  }),
  ListImages: () => ({}),
}

export async function startScriptedRuntime(script: Script = {}): Promise<ScriptedRuntime> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-cri-'))
  const socket = join(folder, 'cri.sock')
  const runtime = { script: { ...HEALTHY, ...script } }
  let server = await listen(socket, runtime)
  const cri = connectCri(socket)
  return {
    cri,
    get script() {
      return runtime.script
    },
    set script(script) {
      runtime.script = script
    },
    kill: () => server.forceShutdown(),
    async revive() {
      server = await listen(socket, runtime)
    },
    async stop() {
      cri.close()
      server.forceShutdown()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function listen(socket: string, runtime: { script: Script }): Promise<Server> {
  await rm(socket, { force: true })
  const server = new Server()
  for (const service of [RUNTIME, IMAGE]) addService(server, service, runtime)
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    )
  })
  return server
}

function addService(server: Server, service: string, runtime: { script: Script }): void {
  const definition: Record<string, unknown> = {}
  const handlers: Record<string, unknown> = {}
  for (const [method, [of, request, answer]] of Object.entries(METHODS)) {
    if (of !== service) continue
    definition[method] = {
      path: `/${service}/${method}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: object) => encodeMessage(request, message),
      requestDeserialize: (bytes: Buffer) => decodeMessage(request, bytes),
      responseSerialize: (message: object) => encodeMessage(answer, message),
      responseDeserialize: (bytes: Buffer) => decodeMessage(answer, bytes),
    }
    handlers[method] = (call: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>) => {
      void answerOf(runtime.script, method, call.request).then(
        (value) => reply(null, value),
        (error: Error & { code?: number }) =>
          reply({ code: error.code ?? status.UNKNOWN, details: error.message }),
      )
    }
  }
  server.addService(definition as ServiceDefinition, handlers as never)
}

async function answerOf(script: Script, method: string, request: unknown): Promise<unknown> {
  const handler = script[method as keyof Script] as ((request: unknown) => unknown) | undefined
  if (handler === undefined) throw new RuntimeFault('UNIMPLEMENTED', `${method} is not in the script`)
  return await handler(request)
}
