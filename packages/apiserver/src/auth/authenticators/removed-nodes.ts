// Since when a node has been removed, from the ConfigMap that `brume node remove` writes. Kept beside the objects, for every
// request of every node asks.

import { REMOVED_NODES } from '@brume/api/node-membership'
import type { KubeObject } from '@brume/api/object'
import type { ObjectReader } from '../../registry/reader.ts'

/** Milliseconds since the epoch; undefined for a node that nobody has removed. */
export type RemovedNodes = (nodeName: string) => number | undefined

/** A time that cannot be read counts as far away: the node stays out. */
export function removedNodes(reader: ObjectReader): RemovedNodes {
  const { namespace, name } = REMOVED_NODES
  let removed = timesOf(reader.get('', 'configmaps', namespace, name))
  reader.onChange('', 'configmaps', ({ type, object }) => {
    if (object.metadata.name !== name || object.metadata.namespace !== namespace) return
    removed = timesOf(type === 'delete' ? undefined : object)
  })
  return (nodeName) => removed.get(nodeName)
}

function timesOf(map: KubeObject | undefined): Map<string, number> {
  const entries = Object.entries<string>(map?.['data'] ?? {})
  return new Map(
    entries.map(([node, text]) => {
      const time = Date.parse(text)
      return [node, Number.isNaN(time) ? Number.POSITIVE_INFINITY : time]
    }),
  )
}
