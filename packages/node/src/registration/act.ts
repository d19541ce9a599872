// One call per action. Writes keep a distance from each other, so that nobody who writes the same fields can draw this
// agent into a race.

import { delay } from '@brume/client/backoff'
import { NODES } from '@brume/client/builtin'
import type { NodeContext } from '../contract.ts'
import { nodeSubject } from '../event-subjects.ts'
import type { RegistrationAction } from './decide.ts'

const MIN_GAP_MS = 500

export function nodeActor(context: NodeContext): (action: RegistrationAction) => Promise<void> {
  const { client, clock, event, logger, nodeName } = context
  const nodes = client.resource(NODES)
  let lastWriteAt = Number.NEGATIVE_INFINITY
  const patch = async (body: object, subresource?: string) => {
    const waitMs = lastWriteAt + MIN_GAP_MS - performance.now()
    if (waitMs > 0) await delay(clock, waitMs)
    lastWriteAt = performance.now()
    const to = subresource === undefined ? {} : { subresource }
    await nodes.patch({ name: nodeName }, { type: 'merge', body, ...to })
  }
  return async (action) => {
    switch (action.type) {
      case 'create':
        await nodes.create(action.node)
        return logger.info('the node is registered', { node: nodeName })
      case 'setLabels':
        return patch({ metadata: { labels: action.labels } })
      case 'setStatus': {
        const { resourceVersion, status } = action
        return patch({ metadata: { resourceVersion }, status }, 'status')
      }
      case 'say':
        event(nodeSubject(nodeName), { type: action.level, ...action.change })
    }
  }
}
