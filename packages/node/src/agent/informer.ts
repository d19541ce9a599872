// Informers of the agent: with its client, clock and logger.

import type { KubeObject } from '@brume/api/object'
import { Informer } from '@brume/client/informer'
import type { ResourceRef } from '@brume/client/resource-ref'
import type { NodeContext } from '../contract.ts'

/** Not started. */
export type NodeInformer = (ref: ResourceRef, fieldSelector?: string) => Informer<KubeObject>

export function nodeInformer({ client, clock, logger }: NodeContext): NodeInformer {
  return (ref, fieldSelector) =>
    new Informer<KubeObject>({
      resource: client.resource<KubeObject>(ref),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      clock,
      random: Math.random,
      logger,
    })
}
