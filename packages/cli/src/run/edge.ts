// Where the HTTP edge of the cloud serves an app.

import { setTimeout as sleep } from 'node:timers/promises'
import { EDGE_CLASS, EDGE_DOMAIN, EDGE_HTTP_PORT, EDGE_HTTPS_PORT } from '@brume/api/edge'
import type { KubeObject } from '@brume/api/object'
import { INGRESS_CLASSES, INGRESSES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { getIfPresent } from '@brume/client/writes'
import { CommandError } from '../command.ts'
import { edgeProblem } from '../edge-problem.ts'

/** The first app to be public starts the edge. */
const SERVED_LIMIT_MS = 10_000
const LOOK_EVERY_MS = 200

export interface EdgePlace {
  host: string
  http: string
  https: string
}

/** One label below the domain, so that the cloud's certificate is good for it. Throws CommandError without an edge. */
export async function edgePlace(
  client: Client,
  { name, namespace }: { name: string; namespace: string },
): Promise<EdgePlace> {
  const edge = await edgeClass(client)
  const annotations = edge?.metadata.annotations
  const domain = annotations?.[EDGE_DOMAIN]
  if (domain === undefined) {
    throw new CommandError(
      'this cloud has no HTTP edge to be reached by',
      'start it with a node (./brume up), or run the app without --public',
    )
  }
  const problem = edgeProblem(edge!)
  if (problem !== undefined)
    throw new CommandError(`the HTTP edge does not serve: ${problem.what}`, problem.next)
  const host = `${namespace === 'default' ? name : `${name}-${namespace}`}.${domain}`
  const at = (scheme: string, port: string | undefined, usual: string) =>
    `${scheme}://${host}${port === undefined || port === usual ? '' : `:${port}`}/`
  return {
    host,
    http: at('http', annotations?.[EDGE_HTTP_PORT], '80'),
    https: at('https', annotations?.[EDGE_HTTPS_PORT], '443'),
  }
}

/**
 * Waits until the edge serves the app's Ingress: it says so in its status. Throws CommandError with what stops the edge; says
 * nothing when there is neither in time.
 */
export async function untilServed(
  client: Client,
  { name, namespace }: { name: string; namespace: string },
): Promise<void> {
  for (const limit = Date.now() + SERVED_LIMIT_MS; Date.now() < limit; await sleep(LOOK_EVERY_MS)) {
    const { status } = await client.resource(INGRESSES).get({ namespace, name })
    if ((status?.['loadBalancer']?.ingress ?? []).length > 0) return
    const edge = await edgeClass(client)
    const problem = edge === undefined ? undefined : edgeProblem(edge)
    if (problem === undefined) continue
    throw new CommandError(
      `${name} runs, but is not public: the HTTP edge does not serve: ${problem.what}`,
      problem.next,
    )
  }
}

function edgeClass(client: Client): Promise<KubeObject | undefined> {
  return getIfPresent(client.resource(INGRESS_CLASSES), { name: EDGE_CLASS })
}
