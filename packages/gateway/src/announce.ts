// What the edge says on its IngressClass, for those who make Ingresses: where they will be reached, and what stops it.

import { EDGE_CLASS, EDGE_DOMAIN, EDGE_HTTP_PORT, EDGE_HTTPS_PORT, EDGE_PROBLEM } from '@brume/api/edge'
import { isStatus } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import { INGRESS_CLASSES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'

export interface AnnouncementOptions {
  client: Client
  logger: Logger
  /** Apps have names below it. */
  domain: string
  ports: { http: number; https: number }
}

export interface Announcement {
  /** Where the edge serves; what stopped an earlier one is forgotten. */
  begin(): Promise<void>
  /** A sentence about what stops it; undefined: nothing does. Told when it is another than before. */
  stoppedBy(problem: string | undefined): Promise<void>
}

export function announcement({ client, logger, domain, ports }: AnnouncementOptions): Announcement {
  let told: string | undefined
  let turn: Promise<void> = Promise.resolve()
  /** One after the other: the latest is to stand. */
  const annotate = (annotations: Record<string, string | null>) => {
    turn = turn.then(() => write(annotations))
    return turn
  }
  const write = async (annotations: Record<string, string | null>) => {
    const body = { metadata: { annotations } }
    try {
      await client.resource(INGRESS_CLASSES).patch({ name: EDGE_CLASS }, { type: 'merge', body })
    } catch (error) {
      // Somebody has removed the class: then nobody is to use it.
      if (!isStatus(error, 'NotFound'))
        logger.warn('the edge could not say how it is', { error: String(error) })
    }
  }
  return {
    begin: () =>
      annotate({
        [EDGE_DOMAIN]: domain,
        [EDGE_HTTP_PORT]: String(ports.http),
        [EDGE_HTTPS_PORT]: String(ports.https),
        [EDGE_PROBLEM]: null,
      }),
    async stoppedBy(problem) {
      if (problem === told) return
      told = problem
      await annotate({ [EDGE_PROBLEM]: problem ?? null })
    },
  }
}
