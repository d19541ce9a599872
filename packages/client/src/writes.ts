// Writes whose expected refusals are success: the state that was wanted is there already.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import type { DeleteOptions, ResourceClient } from './resource-client.ts'
import type { ObjectKey } from './resource-ref.ts'

/** False when it exists already. */
export async function createIfAbsent<T extends KubeObject>(
  resource: ResourceClient<T>,
  object: T,
): Promise<boolean> {
  try {
    await resource.create(object)
    return true
  } catch (error) {
    if (isStatus(error, 'AlreadyExists')) return false
    throw error
  }
}

/** False when it is gone already. */
export async function deleteIfPresent(
  resource: ResourceClient,
  key: ObjectKey,
  options: DeleteOptions = {},
): Promise<boolean> {
  try {
    await resource.delete(key, options)
    return true
  } catch (error) {
    if (isStatus(error, 'NotFound')) return false
    throw error
  }
}

/** undefined when it does not exist. */
export async function getIfPresent<T extends KubeObject>(
  resource: ResourceClient<T>,
  key: ObjectKey,
): Promise<T | undefined> {
  try {
    return await resource.get(key)
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

/** False when it is gone. */
export async function patchIfPresent(
  resource: ResourceClient,
  key: ObjectKey,
  patch: Parameters<ResourceClient['patch']>[1],
): Promise<boolean> {
  try {
    await resource.patch(key, patch)
    return true
  } catch (error) {
    if (isStatus(error, 'NotFound')) return false
    throw error
  }
}
