// How long a node may keep ConfigMaps and Secrets before it asks again, by the size of the cluster: an annotation on
// each node, with hysteresis so that a cluster at a boundary does not flap.

import type { KubeObject } from '@brume/api/object'
import { NODES } from '@brume/client/builtin'
import {
  type ControllerSpec,
  defineController,
  fromInformer,
  type Plan,
  type Source,
} from '@brume/client/controller'
import { patchIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'

export interface ObservedNode {
  node: KubeObject
  nodeCount: number
}

export interface AnnotateNode {
  type: 'annotate'
  name: string
  ttlSeconds: number
}

const ANNOTATION = 'node.alpha.kubernetes.io/ttl'

/** Kubernetes' steps: from `min` (coming down) or the previous `max` (going up) nodes on. */
const STEPS = [
  { min: 0, max: 100, ttlSeconds: 0 },
  { min: 90, max: 500, ttlSeconds: 15 },
  { min: 450, max: 1000, ttlSeconds: 30 },
  { min: 900, max: 2000, ttlSeconds: 60 },
  { min: 1800, max: Number.POSITIVE_INFINITY, ttlSeconds: 300 },
]

export function nodeTtl({ client, informers }: Dependencies): ControllerSpec {
  const nodes = informers.for(NODES)
  const countChanges: Source = {
    start(enqueue) {
      const all = () => {
        for (const { metadata } of nodes.store.list()) enqueue(metadata.name!)
      }
      return nodes.addHandler({ add: all, delete: all })
    },
    synced: () => nodes.synced(),
  }
  return defineController<ObservedNode, AnnotateNode>({
    name: 'node-ttl',
    sources: [fromInformer(nodes), countChanges],
    observe(name) {
      const node = nodes.store.get('', name)
      return node && { node, nodeCount: nodes.store.size }
    },
    decide: decideNodeTtl,
    async act({ name, ttlSeconds }) {
      const body = { metadata: { annotations: { [ANNOTATION]: String(ttlSeconds) } } }
      await patchIfPresent(client.resource(NODES), { name }, { type: 'merge', body })
    },
  })
}

export function decideNodeTtl({ node, nodeCount }: ObservedNode): Plan<AnnotateNode> {
  const text = node.metadata.annotations?.[ANNOTATION]
  const current = STEPS.findIndex(({ ttlSeconds }) => String(ttlSeconds) === text)
  let step = Math.max(current, 0)
  while (nodeCount > STEPS[step]!.max) step++
  while (nodeCount < STEPS[step]!.min) step--
  if (step === current) return { actions: [] }
  return { actions: [{ type: 'annotate', name: node.metadata.name!, ttlSeconds: STEPS[step]!.ttlSeconds }] }
}
