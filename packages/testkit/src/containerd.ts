// A containerd of the test's own: its own directory, ended with everything in it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@brume/base/log'
import { findCniPlugins, findExecutable } from '@brume/machine/executables'
import { removeNetwork } from '@brume/node/network/remove'
import { type Containerd, type ContainerdOptions, startContainerd } from '@brume/node/runtime/containerd'
import { removeRuntime } from '@brume/node/runtime/remove'

export interface TestContainerd {
  containerd: Containerd
  /** The cloud's data directory; the node's part is `node` in it. */
  dataDir: string
  /** Ends containers, shims and containerd; removes mounts, control groups, the network and the directory. */
  stop(): Promise<void>
}

/** The reason for which tests with containers cannot run here; undefined when they can. For `{ skip }` of node:test. */
export function whyNoContainers(): string | undefined {
  if (process.getuid?.() !== 0) return 'containers need root'
  const missing = ['containerd', 'runc'].filter((name) => findExecutable(name) === undefined)
  if (findCniPlugins() === undefined) missing.push('the CNI plugins')
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed`
}

export async function startTestContainerd(options: Partial<ContainerdOptions> = {}): Promise<TestContainerd> {
  const dataDir = mkdtempSync(join(tmpdir(), 'brume-node-'))
  const stop = async (containerd?: Containerd) => {
    containerd?.close()
    await removeRuntime({ dataDir, images: true })
    await removeNetwork(dataDir)
    rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    const containerd = await startContainerd({ logger: silentLogger, ...options, dataDir })
    return { containerd, dataDir, stop: () => stop(containerd) }
  } catch (error) {
    await stop()
    throw error
  }
}
