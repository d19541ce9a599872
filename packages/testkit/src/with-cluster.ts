// The control plane of one test file: started before its tests, with a namespace and nodes that a fake kubelet acts for,
// and gone after them.

import { after, before } from 'node:test'
import { assert } from '@brume/base/assert'
import type { Client } from '@brume/client/client'
import { createNamespace } from '@brume/controllers/integration/cluster'
import { type FakeKubelet, startFakeKubelet } from '@brume/controllers/integration/fake-kubelet'
import { startTestControlPlane, type TestControlPlane } from './control-plane.ts'

export interface TestCluster {
  readonly plane: TestControlPlane
  /** As an administrator. */
  readonly client: Client
  /** Only with nodes. */
  readonly kubelet: FakeKubelet
}

export interface ClusterOptions {
  namespace: string
  /** Names. */
  nodes?: readonly string[]
  /** What else the tests find there. */
  prepare?(client: Client): Promise<unknown>
}

/** Called in a `describe`; what it gives is there when the tests run. */
export function withCluster({ namespace, nodes = [], prepare }: ClusterOptions): TestCluster {
  let plane: TestControlPlane | undefined
  let kubelet: FakeKubelet | undefined
  before(async () => {
    plane = await startTestControlPlane()
    await createNamespace(plane.client, namespace)
    if (nodes.length > 0) kubelet = await startFakeKubelet(plane.client, nodes)
    await prepare?.(plane.client)
  })
  after(async () => {
    await kubelet?.stop()
    await plane?.stop()
  })
  const running = () => {
    assert(plane !== undefined, 'the tests run after the control plane was started')
    return plane
  }
  return {
    get plane() {
      return running()
    },
    get client() {
      return running().client
    },
    get kubelet() {
      assert(kubelet !== undefined, 'there are nodes')
      return kubelet
    },
  }
}
