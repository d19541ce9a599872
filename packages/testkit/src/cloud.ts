// A whole cloud for a test: a control plane and this machine's node, in this process; gone afterwards with its
// containers, network and directory.

import { silentLogger } from '@brume/base/log'
import type { NodeAgent } from '@brume/node/agent/agent'
import { removeNetwork } from '@brume/node/network/remove'
import { runtimePaths } from '@brume/node/runtime/paths'
import { removeRuntime } from '@brume/node/runtime/remove'
import { startLocalNode } from '@brume/server/local-node'
import { importBusybox } from './busybox-image.ts'
import { startTestControlPlane, type TestControlPlane } from './control-plane.ts'

export interface TestCloud {
  plane: TestControlPlane
  node: NodeAgent
  stop(): Promise<void>
}

/** Its node has BUSYBOX_IMAGE. See whyNoContainers and whyNoBusybox for where it cannot be had. */
export async function startTestCloud(): Promise<TestCloud> {
  const plane = await startTestControlPlane()
  const dataDir = plane.dir.root
  let node: NodeAgent | undefined
  const stop = async () => {
    await node?.close()
    await removeRuntime({ dataDir, images: true })
    await removeNetwork(dataDir)
    await plane.stop()
  }
  try {
    node = await startLocalNode({
      plane: plane.plane,
      dir: plane.dir,
      logger: silentLogger,
      onRefused: () => {},
    })
    await node.registered
    await importBusybox(runtimePaths(dataDir))
    return { plane, node, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
