// The resource of a kind that an autoscaler names.

import { parseApiVersion } from '@brume/api/resource'
import { isStatus, StatusError } from '@brume/base/errors'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'

/** Any version of the kind will do. Throws StatusError. */
export async function findTarget(client: Client, apiVersion: string, kind: string): Promise<ResourceRef> {
  const { group } = parseApiVersion(apiVersion)
  try {
    return await client.discovery.findKind(apiVersion, kind)
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
    const { resources } = await client.discovery.resources()
    const other = resources.find((each) => each.group === group && each.kind === kind)
    if (other !== undefined) return other
    throw new StatusError('NotFound', `no matches for kind "${kind}" in group "${group}"`)
  }
}
