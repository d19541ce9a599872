// Where the HTTP edge of the cloud serves an app.

import { EDGE_CLASS, EDGE_DOMAIN, EDGE_HTTP_PORT, EDGE_HTTPS_PORT } from '@brume/api/edge'
import { isStatus } from '@brume/base/errors'
import { INGRESS_CLASSES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { CommandError } from '../command.ts'

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
  const annotations = await announced(client)
  const domain = annotations?.[EDGE_DOMAIN]
  if (domain === undefined) {
    throw new CommandError(
      'this cloud has no HTTP edge to be reached by',
      'start it with a node (./brume up), or run the app without --public',
    )
  }
  const host = `${namespace === 'default' ? name : `${name}-${namespace}`}.${domain}`
  const at = (scheme: string, port: string | undefined, usual: string) =>
    `${scheme}://${host}${port === undefined || port === usual ? '' : `:${port}`}/`
  return {
    host,
    http: at('http', annotations?.[EDGE_HTTP_PORT], '80'),
    https: at('https', annotations?.[EDGE_HTTPS_PORT], '443'),
  }
}

async function announced(client: Client): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    return (await client.resource(INGRESS_CLASSES).get({ name: EDGE_CLASS })).metadata.annotations
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}
