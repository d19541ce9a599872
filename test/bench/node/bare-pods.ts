// The peer: the same pods made by bare calls of the runtime, through the same containerd, with nobody in between.
// Containers have the same filter of system calls as ours: to compile it is the runtime's work, 16 ms of a start.

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ownNames } from '@brume/machine/own-names'
import { type Cri, connectCri } from '@brume/node/cri/cri'
import { NAMESPACE_CONTAINER, NAMESPACE_POD, PROFILE_RUNTIME_DEFAULT } from '@brume/node/cri/enums'
import { BUSYBOX_IMAGE } from '@brume/testkit/busybox-image'

export const COMMAND = ['sleep', '1000000']

export interface BarePods {
  cri: Cri
  /** Sandbox, container, start. Gives the sandbox's id. */
  start(name: string): Promise<string>
  remove(sandboxId: string): Promise<void>
  close(): void
}

/** The agent leaves them alone: they carry no label of Kubernetes. */
export function barePods(dataDir: string, socket: string): BarePods {
  const cri = connectCri(socket)
  const logs = join(dataDir, 'bare-logs')
  const namespaceOptions = { network: NAMESPACE_POD, pid: NAMESPACE_CONTAINER, ipc: NAMESPACE_POD }
  const seccomp = { profileType: PROFILE_RUNTIME_DEFAULT }
  const linux = { resources: {}, securityContext: { namespaceOptions, seccomp } }
  return {
    cri,
    async start(name) {
      const logDirectory = join(logs, name)
      mkdirSync(join(logDirectory, 'main'), { recursive: true })
      const sandboxConfig = {
        metadata: { name, namespace: 'bare', uid: name, attempt: 0 },
        hostname: name,
        logDirectory,
        linux: { cgroupParent: `${ownNames(dataDir).cgroup}/bare`, securityContext: { namespaceOptions } },
      }
      const podSandboxId = await cri.runPodSandbox(sandboxConfig)
      const config = {
        metadata: { name: 'main', attempt: 0 },
        image: { image: BUSYBOX_IMAGE },
        command: COMMAND,
        logPath: 'main/0.log',
        linux,
      }
      await cri.startContainer(await cri.createContainer({ podSandboxId, sandboxConfig, config }))
      return podSandboxId
    },
    async remove(sandboxId) {
      await cri.stopPodSandbox(sandboxId)
      await cri.removePodSandbox(sandboxId)
    },
    close() {
      cri.close()
      rmSync(logs, { recursive: true, force: true })
    },
  }
}
