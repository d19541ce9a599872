// Served versions of one stored object: what is stored is the storage version; a request may speak another one.

import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import type { ResourceRegistry } from '../registry/resources.ts'

/** The definition under which the objects of `definition` are stored. */
export function storageDefinition(
  registry: ResourceRegistry,
  definition: ResourceDefinition,
): ResourceDefinition {
  const conversion = definition.conversion
  if (conversion === undefined) return definition
  return registry.lookup(conversion.storageGroup, conversion.storageVersion, definition.plural) ?? definition
}

/** A stored object as the request's version shows it; the same (frozen) object where they are one. */
export function toServed(definition: ResourceDefinition, object: KubeObject): KubeObject {
  if (definition.conversion !== undefined) return definition.conversion.fromStorage(object)
  return definition.onRead === undefined ? object : definition.onRead(object)
}

/** A stored object as the storage version shows it. */
export function currentForm(storage: ResourceDefinition, object: KubeObject): KubeObject {
  return storage.onRead === undefined ? object : storage.onRead(object)
}

/** Stored bytes are what a client of this version reads in JSON. */
export function servesStoredBytes(definition: ResourceDefinition): boolean {
  return definition.conversion === undefined && definition.onRead === undefined
}

export function toStored(definition: ResourceDefinition, object: KubeObject): KubeObject {
  return definition.conversion === undefined ? object : definition.conversion.toStorage(object)
}
