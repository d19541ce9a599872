// Takes a node out of the cloud: its certificates count no more, then its objects go.

import { REMOVED_NODES } from '@brume/api/node-membership'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { CONFIG_MAPS, LEASES, NODES, SECRETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'
import { createIfAbsent, deleteIfPresent, getIfPresent } from '@brume/client/writes'

const CSI_NODES: ResourceRef = {
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'csinodes',
  kind: 'CSINode',
  namespaced: false,
}
/** No certificate lasts longer: what was removed before needs to be remembered no more. */
const LONGEST_CERTIFICATE_MS = 366 * 24 * 3600_000
const TOKEN_TYPE = 'bootstrap.kubernetes.io/token'

/**
 * Certificates are dated to the second, and one of the second of the removal counts as one of before it: who is told that
 * the node is out may let it in again at once.
 */
const DATED_TO_MS = 1000

/** Its agent is shut out first, else it would make its Node again. */
export async function removeNode(client: Client, node: KubeObject, clock: Clock): Promise<void> {
  const { name = '', uid } = node.metadata
  await shutOut(client, name)
  await deleteIfPresent(client.resource(NODES), { name }, { preconditions: { uid: uid! } })
  await deleteIfPresent(client.resource(LEASES), { namespace: 'kube-node-lease', name })
  await deleteIfPresent(client.resource(CSI_NODES), { name })
  await new Promise<void>((resolve) => clock.after(DATED_TO_MS, resolve))
}

/** Tokens by which any machine can still join, with the time when each ends. */
export async function openTokens(client: Client, now: number): Promise<{ secret: string; endsAt: string }[]> {
  const { items } = await client
    .resource(SECRETS)
    .listAll({ namespace: 'kube-system', fieldSelector: `type=${TOKEN_TYPE}` })
  return items
    .map(({ metadata, ...secret }) => {
      const field = (name: string) => Buffer.from(String(secret['data']?.[name] ?? ''), 'base64').toString()
      return {
        secret: metadata.name!,
        endsAt: field('expiration'),
        lets: field('usage-bootstrap-authentication'),
      }
    })
    .filter(({ endsAt, lets }) => lets === 'true' && (endsAt === '' || Date.parse(endsAt) > now))
    .map(({ secret, endsAt }) => ({ secret, endsAt }))
}

async function shutOut(client: Client, nodeName: string): Promise<void> {
  const maps = client.resource(CONFIG_MAPS)
  const time = await serverTime(client)
  const entry = { [nodeName]: time }
  const before = await getIfPresent(maps, REMOVED_NODES)
  if (before === undefined) {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...REMOVED_NODES }, data: entry }
    // Another node may be removed at the same time.
    if (await createIfAbsent(maps, map)) return
  }
  const old = Object.entries<string>(before?.['data'] ?? {}).filter(
    ([, removedAt]) => Date.parse(removedAt) < Date.parse(time) - LONGEST_CERTIFICATE_MS,
  )
  const data = { ...Object.fromEntries(old.map(([name]) => [name, null])), ...entry }
  await maps.patch(REMOVED_NODES, { type: 'merge', body: { data } })
}

/** By the clock that dates certificates: with a late one of this machine, younger certificates would go on to count. */
async function serverTime(client: Client): Promise<string> {
  const { namespace, name } = REMOVED_NODES
  const metadata = { namespace, generateName: `${name}-` }
  const tried = { apiVersion: 'v1', kind: 'ConfigMap', metadata }
  const { metadata: made } = await client.resource(CONFIG_MAPS).create(tried, { dryRun: true })
  return made.creationTimestamp!
}
