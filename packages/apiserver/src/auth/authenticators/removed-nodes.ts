// Since when a node has been removed, from the ConfigMap that `brume node remove` writes. Kept beside the objects, for every
// request of every node asks; and told to what a node still has open.

import { REMOVED_NODES } from '@brume/api/node-membership'
import type { KubeObject } from '@brume/api/object'
import type { ObjectReader } from '../../registry/reader.ts'

export interface RemovedNodes {
  /** Milliseconds since the epoch; undefined for a node that nobody has removed. */
  since(nodeName: string): number | undefined
  /** Calls `gone` whenever this node is removed from now on. The result stops it. */
  onRemoval(nodeName: string, gone: () => void): () => void
}

/** A time that cannot be read counts as far away: the node stays out. */
export function removedNodes(reader: ObjectReader): RemovedNodes {
  const { namespace, name } = REMOVED_NODES
  const waiting = new Map<string, Set<() => void>>()
  let removed = timesOf(reader.get('', 'configmaps', namespace, name))
  reader.onChange('', 'configmaps', ({ type, object }) => {
    if (object.metadata.name !== name || object.metadata.namespace !== namespace) return
    const before = removed
    removed = timesOf(type === 'delete' ? undefined : object)
    for (const [node, time] of removed) {
      if (before.get(node) !== time) for (const gone of [...(waiting.get(node) ?? [])]) gone()
    }
  })
  return {
    since: (nodeName) => removed.get(nodeName),
    onRemoval(nodeName, gone) {
      const all = waiting.get(nodeName) ?? new Set()
      waiting.set(nodeName, all.add(gone))
      return () => {
        all.delete(gone)
        if (all.size === 0 && waiting.get(nodeName) === all) waiting.delete(nodeName)
      }
    },
  }
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
