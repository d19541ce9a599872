// Nodes without machines, for tests: binds pods to them, reports pods running and ready, and lets deleted pods go.

import type { KubeObject } from '@brume/api/object'
import { formatTime, systemClock } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import { createLogger } from '@brume/base/log'
import { NODES, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { Informer } from '@brume/client/informer'

export interface FakeKubelet {
  /** Pods for which this is true stay Pending; default: none. */
  hold: (pod: KubeObject) => boolean
  /** Looks at every pod again: after `hold` was changed. */
  look(): void
  stop(): Promise<void>
}

const HEARTBEAT_MS = 10_000

/** Creates the Nodes, then acts for all of them. Pods without a node go to the nodes in turn, as a scheduler's would. */
export async function startFakeKubelet(client: Client, nodes: readonly string[]): Promise<FakeKubelet> {
  for (const name of nodes) await createNode(client, name)
  const pods = client.resource(PODS)
  const informer = new Informer<KubeObject>({
    resource: pods,
    clock: systemClock,
    random: Math.random,
    logger: createLogger('error'),
  })
  let next = 0
  const kubelet: FakeKubelet = {
    hold: () => false,
    look() {
      for (const pod of informer.store.list()) step(pod)
    },
    stop: () => {
      clearInterval(heartbeats)
      return informer.stop()
    },
  }
  // As a kubelet: a node that is not heard of counts as lost.
  const heartbeats = setInterval(() => {
    const body = { status: { conditions: [{ type: 'Ready', lastHeartbeatTime: formatTime(Date.now()) }] } }
    for (const name of nodes) {
      const patch = { type: 'strategic' as const, subresource: 'status', body }
      void client.resource(NODES).patch({ name }, patch).catch(ignoreRaces)
    }
  }, HEARTBEAT_MS)
  const step = (pod: KubeObject) => void serve(pod).catch(ignoreRaces)
  const serve = async (pod: KubeObject) => {
    const { namespace, name, uid, deletionTimestamp } = pod.metadata
    const key = { namespace: namespace!, name: name! }
    if (deletionTimestamp !== undefined) {
      await pods.delete(key, { gracePeriodSeconds: 0, preconditions: { uid: uid! } })
    } else if (pod['spec'].nodeName === undefined) {
      const target = {
        apiVersion: 'v1',
        kind: 'Node',
        name: pinnedNode(pod) ?? nodes[next++ % nodes.length]!,
      }
      await pods.createSubresource(key, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: key,
        target,
      })
    } else if (pod['status'].phase === 'Pending' && !kubelet.hold(pod)) {
      const lastTransitionTime = formatTime(Date.now())
      const conditions = ['Initialized', 'Ready', 'ContainersReady'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime,
      }))
      const status = { phase: 'Running', startTime: lastTransitionTime, conditions }
      await pods.patch(key, { type: 'merge', body: { metadata: { uid }, status }, subresource: 'status' })
    }
  }
  informer.addHandler({ add: step, update: step })
  informer.start()
  await informer.synced()
  return kubelet
}

/** A Node that is ready: without the taint that every new one gets, as the node controller would leave it. */
export async function createNode(
  client: Client,
  name: string,
  { labels = {} }: { labels?: Record<string, string> } = {},
): Promise<KubeObject> {
  const nodes = client.resource(NODES)
  await nodes.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' }] },
  })
  return nodes.patch({ name }, { type: 'merge', body: { spec: { taints: null } } })
}

/** The node that a DaemonSet's pod asks for by name. */
function pinnedNode(pod: KubeObject): string | undefined {
  const terms =
    pod['spec'].affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const field = terms?.[0]?.matchFields?.find(({ key }: { key: string }) => key === 'metadata.name')
  return field?.values?.[0]
}

/** The pod changed or went meanwhile: its next event brings it back here. */
function ignoreRaces(error: unknown): void {
  if (isStatus(error, 'NotFound') || isStatus(error, 'Conflict')) return
  if (error instanceof Error && (error.name === 'TransportError' || error.name === 'AbortError')) return
  throw error
}
