// Says on GatewayClasses that name this controller whether they are served. Of its own, because the edge sleeps until
// there is a Gateway.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { Clock } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import { deepEqual } from '@brume/base/values'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { Informer } from '@brume/client/informer'
import type { ResourceRef } from '@brume/client/resource-ref'
import { classFinding, ownClasses } from './translate/classes.ts'
import { type Condition, conditionsBesideOthers } from './translate/condition.ts'

export interface ClassControllerOptions {
  client: Client
  clock: Clock
  logger: Logger
  /** GatewayClasses, in the version that is served. */
  classes: ResourceRef
}

interface Told {
  name: string
  conditions: Condition[]
}

export function classController({ client, clock, logger, classes }: ClassControllerOptions): {
  spec: ControllerSpec
  informer: Informer
} {
  const resource = client.resource(classes)
  const informer = new Informer<KubeObject>({ resource, clock, random: Math.random, logger })
  const spec = defineController<KubeObject, Told>({
    name: 'gateway-classes',
    sources: [fromInformer(informer)],
    observe: (name) => ownClasses([informer.store.get('', name)].filter((one) => one !== undefined))[0],
    decide: (found, now) => {
      const before: Condition[] = listOf(found['status']?.conditions)
      const { generation, name } = found.metadata
      const conditions = conditionsBesideOthers([classFinding(found)], { before, generation, now })
      return { actions: deepEqual(before, conditions) ? [] : [{ name: name!, conditions }] }
    },
    async act({ name, conditions }) {
      try {
        const body = { status: { conditions } }
        await resource.patch({ name }, { type: 'merge', body, subresource: 'status' })
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error
      }
    },
  })
  return { spec, informer }
}
