// ObjectReader over the store: what the server's own parts see, in storage versions.

import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import type { Store } from '@brume/store/contract'
import { keyOf, objectOf, prefixOf } from './entries.ts'
import type { ObjectReader } from './reader.ts'
import type { ResourceRegistry } from './resources.ts'

/** Kinds that are not served read as empty: a CRD may come later. */
export function createObjectReader(store: Store, registry: ResourceRegistry): ObjectReader {
  const cache = new Map<string, ResourceDefinition | undefined>()
  let generation = -1
  const definitionOf = (group: string, plural: string): ResourceDefinition | undefined => {
    if (generation !== registry.generation) {
      cache.clear()
      generation = registry.generation
    }
    const id = `${group}/${plural}`
    if (!cache.has(id)) cache.set(id, registry.storageOf(group, plural))
    return cache.get(id)
  }
  return {
    get(group, plural, namespace, name) {
      const definition = definitionOf(group, plural)
      const entry = definition && store.get(keyOf(definition, namespace, name))
      return entry && objectOf(entry)
    },
    list(group, plural, namespace): KubeObject[] {
      const definition = definitionOf(group, plural)
      if (definition === undefined) return []
      return store.list({ prefix: prefixOf(definition, namespace) }).entries.map(objectOf)
    },
    onChange(group, plural, listener) {
      const prefix = `${group === '' ? plural : `${plural}.${group}`}/`
      const watch = store.watch({
        prefix,
        after: store.revision,
        onEvents(events) {
          for (const event of events) {
            listener({
              type: event.type,
              object: objectOf(event.entry),
              previous: event.previous && objectOf(event.previous),
            })
          }
        },
      })
      return () => watch.close()
    },
  }
}
