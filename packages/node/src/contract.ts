// What the parts of the node agent share. The agent is a client of the API, as the user system:node:NAME, and of one
// container runtime; it keeps nothing that it could not find out again from these two and from its directory.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Client } from '@brume/client/client'
import type { EventSubject, EventText } from '@brume/client/event-recorder'
import type { Cri, Device, Mount } from './cri/cri.ts'

/** A pod as the API has it. Fields are read as data; the API server has validated and defaulted them. */
export type Pod = KubeObject

/** One element of spec.containers, spec.initContainers or spec.ephemeralContainers. */
// biome-ignore lint/suspicious/noExplicitAny: data, checked by its schema at the API's edge
export type ContainerSpec = Record<string, any> & { name: string; image: string }

export type ContainerKind = 'init' | 'app' | 'ephemeral'

/** Absolute paths below the node's own part of the data directory. */
export interface NodeDirs {
  /** DIR/node */
  root: string
  /** pods/UID/... */
  pods: string
  /** logs/NAMESPACE_NAME_UID/CONTAINER/ATTEMPT.log */
  logs: string
  containerd: string
  cni: string
  pki: string
  /** Manifests of static pods. */
  manifests: string
}

export interface NodeContext {
  nodeName: string
  client: Client
  cri: Cri
  clock: Clock
  logger: Logger
  dirs: NodeDirs
  /** Writes an Event about a pod or the node; never throws, never waits for long. */
  event(subject: EventSubject, text: EventText): void
}

/** Something about this pod, on this node, that the user can read and mend: it becomes a container's waiting reason. */
export class PodProblem extends Error {
  /** CamelCase as Kubernetes says it, e.g. CreateContainerConfigError, ErrImagePull. */
  readonly reason: string
  override readonly name = 'PodProblem'

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/**
 * ConfigMaps, Secrets, Services of this node's pods, from a cache that watches exactly the objects that are referred to.
 */
export interface ObjectSource {
  /** undefined: it does not exist. Waits until it was asked for once. Throws StatusError or TransportError. */
  get(kind: 'ConfigMap' | 'Secret', namespace: string, name: string): Promise<KubeObject | undefined>
  /** Called with the UIDs of pods that refer to an object that has changed. Returns how to stop. */
  onChange(fn: (podUid: string) => void): () => void
  /** Watches what the pod refers to from now on; idempotent. */
  register(pod: Pod): void
  unregister(podUid: string): void
}

/** Directory and mounts of the volumes of pods. All calls are idempotent: after a crash they are made again. */
export interface PodVolumes {
  /** Makes all volumes of the pod ready; throws PodProblem (FailedMount) naming the volume and the cause. */
  ensure(pod: Pod): Promise<void>
  /** Brings configMap, secret, downwardAPI and projected volumes up to date, atomically (..data). */
  refresh(pod: Pod): Promise<void>
  /**
   * volumeMounts of one container as CRI mounts, with its hosts file and its file for the termination message; subPath
   * is made safe against symbolic links. Throws PodProblem.
   */
  mountsOf(request: MountRequest): Promise<Mount[]>
  /** volumeDevices of one container. Throws PodProblem. */
  devicesOf(pod: Pod, container: ContainerSpec): Promise<Device[]>
  /** Unmounts and removes everything of a pod that is gone; also of pods nobody knows any more. */
  remove(podUid: string): Promise<void>
  /** UIDs that have anything on this node's disk. */
  known(): Promise<string[]>
}

/** A variable of a container. */
export interface EnvVar {
  key: string
  value: string
}

export interface MountRequest {
  pod: Pod
  container: ContainerSpec
  /** Which start of the container it is for: each has a termination message of its own. */
  attempt: number
  podIps: readonly string[]
  /** For subPathExpr. */
  env: readonly EnvVar[]
}

export interface ImagePuller {
  /**
   * Makes the image be there by the container's pull policy, with events about progress; gives the runtime's reference.
   * Throws PodProblem: ErrImagePull, ImagePullBackOff, ErrImageNeverPull, InvalidImageName.
   */
  ensure(pod: Pod, container: ContainerSpec): Promise<{ imageRef: string; imageUser: ImageUser }>
}

/** Who the image says it runs as: a number, or a name that the runtime looks up in it. */
export interface ImageUser {
  uid?: number
  username?: string
}

export type ProbeKind = 'startup' | 'readiness' | 'liveness'

export interface ProbeResults {
  /** undefined: not known yet. */
  get(containerId: string, kind: ProbeKind): boolean | undefined
}

export interface Probes extends ProbeResults {
  /** Probes the containers of this pod that run; called on every change of the pod or its containers. Idempotent. */
  sync(pod: Pod, running: readonly RunningContainer[], podIp: string): void
  remove(podUid: string): void
}

export interface RunningContainer {
  id: string
  spec: ContainerSpec
  kind: ContainerKind
  startedAtMs: number
}

export interface LifecycleHooks {
  /** postStart or preStop. Throws PodProblem (FailedPostStartHook, FailedPreStopHook); bounded by `timeoutMs`. */
  run(options: {
    pod: Pod
    container: ContainerSpec
    containerId: string
    hook: 'postStart' | 'preStop'
    podIp: string
    timeoutMs: number
  }): Promise<void>
}
