// Gives each node a range of addresses for its pods, out of the cloud's: in the Node object, where everybody sees it and
// no two nodes can have the same one.

import { POD_RANGE } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { NODES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import type { Dependencies } from '../dependencies.ts'
import { patchIfPresent } from '../writes.ts'
import { freeBlock } from './blocks.ts'

export interface ObservedRanges {
  node: KubeObject
  /** Of the whole cloud. */
  range: string
  taken: readonly string[]
}

export type RangeAction =
  | { type: 'assign'; node: KubeObject; block: string; range: string }
  | { type: 'tell'; node: KubeObject; range: string }
  | { type: 'exhausted'; node: KubeObject; message: string }

const RETRY_MS = 60_000

export function nodeRanges(
  { client, informers, clock, logger }: Dependencies,
  range: string,
): ControllerSpec {
  const nodes = informers.for(NODES)
  const events = new EventRecorder({ client, component: 'node-ranges', clock, logger })
  /** Given, and perhaps not seen yet. */
  const given = new Map<string, string>()
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
      const seen = others.flatMap(({ spec }) => (spec?.['podCIDR'] as string | undefined) ?? [])
      const pending = [...given].filter(([owner]) => owner !== name).map(([, block]) => block)
      return { node, range, taken: [...seen, ...pending] }
    },
    decide: decideRange,
    async act(action) {
      const { name = '', uid = '' } = action.node.metadata
      if (action.type === 'exhausted') {
        const text = { type: 'Warning', reason: 'CIDRNotAvailable', message: action.message } as const
        return events.record(action.node, text)
      }
      const metadata = { uid, annotations: { [POD_RANGE]: action.range } }
      const spec =
        action.type === 'assign' ? { spec: { podCIDR: action.block, podCIDRs: [action.block] } } : {}
      if (action.type === 'assign') given.set(name, action.block)
      await patchIfPresent(client.resource(NODES), { name }, { type: 'merge', body: { metadata, ...spec } })
    },
  })
}

export function decideRange({ node, range, taken }: ObservedRanges): Plan<RangeAction> {
  if (node.spec?.['podCIDR']) {
    const told = node.metadata.annotations?.[POD_RANGE] === range
    return { actions: told ? [] : [{ type: 'tell', node, range }] }
  }
  const block = freeBlock(range, taken)
  if (block !== undefined) return { actions: [{ type: 'assign', node, block, range }] }
  const message = `all addresses of ${range} are given to other nodes; remove a node that is gone, or start the cloud with a larger --pod-range`
  return { actions: [{ type: 'exhausted', node, message }], requeueAfterMs: RETRY_MS }
}
