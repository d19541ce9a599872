import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { NODES, PODS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { gone } from './cluster.ts'
import { createNode } from './fake-kubelet.ts'

const NS = 'lost'
const at = (name: string) => ({ namespace: NS, name })

describe('nodes that fail, on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({
    namespace: NS,
    async prepare(client) {
      await createNode(client, 'well')
      await createNode(client, 'ill')
    },
  })

  const runPod = async (name: string, spec: object) => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: at(name),
      spec: {
        nodeName: 'ill',
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', image: 'example.org/c:1' }],
        ...spec,
      },
    }
    await cluster.client.resource(PODS).create(pod as KubeObject)
    const lastTransitionTime = formatTime(Date.now())
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] }
    await cluster.client
      .resource(PODS)
      .patch(at(name), { type: 'merge', subresource: 'status', body: { status } })
  }
  const taintsOf = async (): Promise<string[]> => {
    const { spec } = await cluster.client.resource(NODES).get({ name: 'ill' })
    return (spec.taints ?? []).map(({ key, effect }: { key: string; effect: string }) => `${key}:${effect}`)
  }
  const setReady = (status: string) =>
    cluster.client.resource(NODES).patch(
      { name: 'ill' },
      {
        type: 'strategic',
        subresource: 'status',
        body: {
          status: {
            conditions: [{ type: 'Ready', status, lastTransitionTime: formatTime(Date.now() + 1000) }],
          },
        },
      },
    )

  it('are tainted, their pods are not ready, and those that cannot bear it go', async () => {
    await runPod('short', {
      tolerations: [
        {
          key: 'node.kubernetes.io/not-ready',
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 0,
        },
      ],
    })
    await runPod('long', {})
    await setReady('False')
    await eventually('the node is tainted', async () => {
      const taints = await taintsOf()
      return ['NoSchedule', 'NoExecute'].every((effect) =>
        taints.includes(`node.kubernetes.io/not-ready:${effect}`),
      )
    })
    await eventually('one pod goes', () => gone(cluster.client, PODS, at('short')))
    await eventually('the other is not ready', async () => {
      const { status } = await cluster.client.resource(PODS).get(at('long'))
      return status.conditions.some(
        (c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'False',
      )
    })
    await setReady('True')
    await eventually('the taints are gone', async () => (await taintsOf()).length === 0)
    assert.equal(await gone(cluster.client, PODS, at('long')), false)
  })

  it('give up their leaving pods when they are out of service', async () => {
    await runPod('stuck', { terminationGracePeriodSeconds: 600 })
    await setReady('False')
    await cluster.client.resource(PODS).delete(at('stuck'))
    assert.equal(await gone(cluster.client, PODS, at('stuck')), false)
    await eventually('the node is out of service', async () => {
      const { metadata, spec } = await cluster.client.resource(NODES).get({ name: 'ill' })
      const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoSchedule' }
      const body = {
        metadata: { resourceVersion: metadata.resourceVersion },
        spec: { taints: [...(spec.taints ?? []), taint] },
      }
      await cluster.client.resource(NODES).patch({ name: 'ill' }, { type: 'merge', body })
      return true
    })
    await eventually('the pod is gone', () => gone(cluster.client, PODS, at('stuck')))
  })
})
