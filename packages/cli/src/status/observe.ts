// What the API says of the cloud's state.

import type { KubeObject } from '@brume/api/object'
import { StatusError } from '@brume/base/errors'
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  DAEMON_SETS,
  DEPLOYMENTS,
  INGRESS_CLASSES,
  JOBS,
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  SERVICES,
  STATEFUL_SETS,
} from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'

export interface HealthCheck {
  name: string
  ok: boolean
}

export interface ObservedCloud {
  version: string
  ready: boolean
  checks: HealthCheck[]
  nodes: KubeObject[]
  namespaces: KubeObject[]
  pods: KubeObject[]
  claims: KubeObject[]
  definitions: KubeObject[]
  /** IngressClasses. */
  classes: KubeObject[]
  /** By plural. */
  counts: Record<string, number>
  /** Kinds that this person may not list. */
  hidden: string[]
}

const COUNTED = [DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS, SERVICES]

export async function observeCloud(client: Client): Promise<ObservedCloud> {
  const hidden: string[] = []
  const list = async (ref: ResourceRef) =>
    (await visible(ref, hidden, () => client.resource(ref).listAll()))?.items ?? []
  const [version, readiness, nodes, namespaces, pods, claims, definitions, classes] = await Promise.all([
    client.json<{ gitVersion: string }>({ method: 'GET', path: '/version' }),
    observeReadiness(client),
    list(NODES),
    list(NAMESPACES),
    list(PODS),
    list(PERSISTENT_VOLUME_CLAIMS),
    list(CUSTOM_RESOURCE_DEFINITIONS),
    list(INGRESS_CLASSES),
  ])
  const lengths = [
    [NODES, nodes],
    [NAMESPACES, namespaces],
    [PODS, pods],
  ] as const
  const counts = Object.fromEntries(lengths.map(([{ plural }, items]) => [plural, items.length]))
  for (const ref of COUNTED) {
    const count = await visible(ref, hidden, () => countOf(client, ref))
    if (count !== undefined) counts[ref.plural] = count
  }
  return {
    version: version.gitVersion,
    ...readiness,
    nodes,
    namespaces,
    pods,
    claims,
    definitions,
    classes,
    counts,
    hidden,
  }
}

/** `/readyz?verbose` answers 200 or 500, with a line for each check. */
async function observeReadiness(client: Client): Promise<Pick<ObservedCloud, 'ready' | 'checks'>> {
  const response = await client.transport.request({ method: 'GET', path: '/readyz', query: { verbose: '' } })
  const text = (await response.buffer()).toString('utf8')
  const checks = [...text.matchAll(/^\[([+-])\](\S+)/gm)].map((match) => ({
    name: match[2]!,
    ok: match[1] === '+',
  }))
  return { ready: response.status === 200, checks }
}

async function countOf(client: Client, ref: ResourceRef): Promise<number> {
  const { items, metadata } = await client.resource(ref).metadata().list({ limit: 1 })
  return items.length + (metadata.remainingItemCount ?? 0)
}

/** undefined, and the kind's name in `hidden`, when it may not be listed. */
async function visible<T>(ref: ResourceRef, hidden: string[], ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    const refused =
      error instanceof StatusError && (error.reason === 'Forbidden' || error.reason === 'NotFound')
    if (!refused) throw error
    hidden.push(ref.plural)
    return undefined
  }
}
