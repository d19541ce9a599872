// One container as the runtime's configuration.

import { createHash } from 'node:crypto'
import { listOf } from '@brume/api/validate/json'
import type { ContainerSpec, EnvVar, ImageUser, Pod } from '../contract.ts'
import type { ContainerConfig, Device, Mount } from '../cri/cri.ts'
import { expand, lookup } from './expand.ts'
import {
  CONTAINER_HASH,
  CONTAINER_NAME,
  containerLogPath,
  DELETION_GRACE,
  POD_NAME,
  POD_NAMESPACE,
  POD_UID,
  PORTS,
  PRE_STOP,
  podNames,
  RESTART_COUNT,
  TERMINATION_GRACE,
  TERMINATION_MESSAGE_PATH,
  TERMINATION_MESSAGE_POLICY,
} from './names.ts'
import { containerResourcesOf } from './resources.ts'
import { containerSecurityOf } from './security.ts'
import type { NodeSettings } from './settings.ts'

const HASH_LETTERS = 16

export interface ContainerOptions {
  pod: Pod
  container: ContainerSpec
  /** How often the container was started before, in this pod. */
  attempt: number
  /** The runtime's reference, and who the image says it runs as (ImagePuller.ensure). */
  imageRef: string
  imageUser: ImageUser
  /** environmentOf. */
  env: readonly EnvVar[]
  /** PodVolumes.mountsOf and devicesOf. */
  mounts: readonly Mount[]
  devices?: readonly Device[]
  settings: NodeSettings
  /** Of an ephemeral container's targetContainerName: the id of that container. */
  targetContainerId?: string
}

/** Throws PodProblem CreateContainerConfigError. The log's directory, logDirectory/NAME, must be there. */
export function containerConfigOf(options: ContainerOptions): ContainerConfig {
  const { pod, container, attempt, imageRef, env, mounts, devices = [], settings } = options
  const resolve = lookup(new Map(env.map(({ key, value }) => [key, value])))
  const expanded = (texts: unknown) => listOf(texts).map((text) => expand(text, resolve))
  return {
    metadata: { name: container.name, attempt },
    image: { image: imageRef, userSpecifiedImage: container.image },
    command: expanded(container['command']),
    args: expanded(container['args']),
    workingDir: container['workingDir'] ?? '',
    envs: [...env],
    mounts: [...mounts],
    devices: [...devices],
    labels: labelsOf(pod, container),
    annotations: annotationsOf(pod, container, attempt),
    logPath: containerLogPath(container.name, attempt),
    stdin: container['stdin'] === true,
    stdinOnce: container['stdinOnce'] === true,
    tty: container['tty'] === true,
    linux: {
      resources: containerResourcesOf(pod, container, settings),
      securityContext: containerSecurityOf(options),
    },
  }
}

/**
 * Of what makes a running container another one: its name and image. A change of anything else that may change in a
 * living pod does not restart it.
 */
export function containerHash({ name, image }: ContainerSpec): string {
  return createHash('sha256')
    .update(JSON.stringify([name, image]))
    .digest('hex')
    .slice(0, HASH_LETTERS)
}

function labelsOf(pod: Pod, container: ContainerSpec): Record<string, string> {
  const { namespace, name, uid } = podNames(pod)
  return {
    [POD_NAME]: name,
    [POD_NAMESPACE]: namespace,
    [POD_UID]: uid,
    [CONTAINER_NAME]: container.name,
  }
}

/** What is needed to end a container well even when its pod is known no more. */
function annotationsOf(pod: Pod, container: ContainerSpec, attempt: number): Record<string, string> {
  const annotations: Record<string, string> = {
    [CONTAINER_HASH]: containerHash(container),
    [RESTART_COUNT]: String(attempt),
    [TERMINATION_MESSAGE_PATH]: container['terminationMessagePath'] ?? '',
    [TERMINATION_MESSAGE_POLICY]: container['terminationMessagePolicy'] ?? '',
  }
  const { deletionGracePeriodSeconds } = pod.metadata
  if (deletionGracePeriodSeconds !== undefined)
    annotations[DELETION_GRACE] = String(deletionGracePeriodSeconds)
  const { terminationGracePeriodSeconds } = pod['spec']
  if (terminationGracePeriodSeconds !== undefined) {
    annotations[TERMINATION_GRACE] = String(terminationGracePeriodSeconds)
  }
  const preStop = container['lifecycle']?.preStop
  if (preStop !== undefined) annotations[PRE_STOP] = JSON.stringify(preStop)
  if (listOf(container['ports']).length > 0) annotations[PORTS] = JSON.stringify(container['ports'])
  return annotations
}
