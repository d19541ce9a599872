// Gives each node a range of addresses for its pods, out of the cloud's, of each family that the cloud has: in the Node object, where everybody sees it and
// no two nodes can have the same one.

import { POD_RANGE, SERVICE_RANGE } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { NODES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { patchIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import { freeBlock } from './blocks.ts'

/** Of the whole cloud, one of each family. */
export interface CloudRanges {
  pods: readonly string[]
  services: readonly string[]
}

export interface ObservedRanges {
  node: KubeObject
  ranges: CloudRanges
  taken: readonly string[]
}

export type RangeAction =
  | { type: 'assign'; node: KubeObject; blocks: readonly string[]; ranges: CloudRanges }
  | { type: 'tell'; node: KubeObject; ranges: CloudRanges }
  | { type: 'exhausted'; node: KubeObject; message: string }

const RETRY_MS = 60_000

export function nodeRanges(
  { client, informers, clock, logger }: Dependencies,
  ranges: CloudRanges,
): ControllerSpec {
  const nodes = informers.for(NODES)
  const events = new EventRecorder({ client, component: 'node-ranges', clock, logger })
  /** Given, and perhaps not seen yet. */
  const given = new Map<string, readonly string[]>()
  return defineController<ObservedRanges, RangeAction>({
    name: 'node-ranges',
    sources: [fromInformer(nodes)],
    observe(name) {
      const node = nodes.store.get('', name)
      if (node === undefined) {
        given.delete(name)
        return undefined
      }
      const others = nodes.store.list().filter(({ metadata }) => metadata.name !== name)
      const seen = others.flatMap(
        ({ spec }) => (spec?.['podCIDRs'] ?? spec?.['podCIDR'] ?? []) as string | string[],
      )
      const pending = [...given].filter(([owner]) => owner !== name).flatMap(([, blocks]) => blocks)
      return { node, ranges, taken: [...seen, ...pending] }
    },
    decide: decideRange,
    async act(action) {
      const { name = '', uid = '' } = action.node.metadata
      if (action.type === 'exhausted') {
        const text = { type: 'Warning', reason: 'CIDRNotAvailable', message: action.message } as const
        return events.record(action.node, text)
      }
      const metadata = { uid, annotations: annotationsOf(action.ranges) }
      const spec =
        action.type === 'assign' ? { spec: { podCIDR: action.blocks[0], podCIDRs: action.blocks } } : {}
      if (action.type === 'assign') given.set(name, action.blocks)
      await patchIfPresent(client.resource(NODES), { name }, { type: 'merge', body: { metadata, ...spec } })
    },
  })
}

export function decideRange({ node, ranges, taken }: ObservedRanges): Plan<RangeAction> {
  if (node.spec?.['podCIDR']) {
    const { annotations = {} } = node.metadata
    const isTold = Object.entries(annotationsOf(ranges)).every(([key, text]) => annotations[key] === text)
    return { actions: isTold ? [] : [{ type: 'tell', node, ranges }] }
  }
  const blocks = ranges.pods.map((range) => freeBlock(range, taken))
  const full = ranges.pods.find((_, i) => blocks[i] === undefined)
  const found = blocks.filter((block) => block !== undefined)
  if (full === undefined) return { actions: [{ type: 'assign', node, blocks: found, ranges }] }
  const message = `all addresses of ${full} are given to other nodes; remove a node that is gone, or start the cloud with a larger --pod-range`
  return { actions: [{ type: 'exhausted', node, message }], requeueAfterMs: RETRY_MS }
}

function annotationsOf({ pods, services }: CloudRanges): Record<string, string> {
  return {
    [POD_RANGE]: pods.join(','),
    ...(services.length === 0 ? {} : { [SERVICE_RANGE]: services.join(',') }),
  }
}
