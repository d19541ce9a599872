// What there has to be before the Gateway API can be served: its kinds, and the class of this edge.

import type { Clock } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import { delay } from '@brume/client/backoff'
import type { Client } from '@brume/client/client'
import { ensureDefinitions } from './definitions/ensure.ts'
import { CONTROLLER_NAME, GROUP, type ServedKinds, servedKinds } from './kinds.ts'

export const CLASS_NAME = 'brume'

const POLL_MS = 50
const SERVED_LIMIT_MS = 5000

/** Idempotent; `client`: of somebody who may make definitions. undefined: Gateways or their classes are not served. */
export async function prepareGatewayApi(client: Client, clock: Clock): Promise<ServedKinds | undefined> {
  const names = await ensureDefinitions(client)
  const limit = clock.now() + SERVED_LIMIT_MS
  let kinds = await kindsNow(client)
  // The names of new ones have to be accepted first.
  while (kinds.size < names && clock.now() < limit) {
    await delay(clock, POLL_MS)
    kinds = await kindsNow(client)
  }
  const classes = kinds.get('GatewayClass')
  if (classes === undefined || !kinds.has('Gateway')) return undefined
  try {
    await client.resource(classes).create({
      apiVersion: `${GROUP}/${classes.version}`,
      kind: 'GatewayClass',
      metadata: { name: CLASS_NAME },
      spec: { controllerName: CONTROLLER_NAME, description: 'The edge of this cloud' },
    })
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists')) throw error
  }
  return kinds
}

export async function kindsNow(client: Client): Promise<ServedKinds> {
  return servedKinds((await client.discovery.refresh()).resources)
}
