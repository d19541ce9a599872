// Where a claim's data is, or why the claim has no volume yet.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { EVENTS, PERSISTENT_VOLUMES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'

export async function explainClaim(client: Client, claim: KubeObject): Promise<string> {
  const { namespace, name, deletionTimestamp } = claim.metadata
  const subject = `${namespace}/${name}`
  const volumeName: string | undefined = claim['spec'].volumeName
  const phase = claim['status']?.phase
  if (phase === 'Bound' && volumeName) {
    const leaving =
      deletionTimestamp === undefined ? '' : '; it is being deleted, and stays until no pod uses it'
    return `${subject} is bound to ${volumeName}${await whereIs(client, volumeName)}${leaving}.`
  }
  if (phase === 'Lost') {
    return `${subject} has lost its volume ${volumeName}. To mend it: restore the volume, or delete the claim and make it anew.`
  }
  return `${subject} has no volume: ${await lastWord(client, claim)}`
}

async function whereIs(client: Client, name: string): Promise<string> {
  try {
    const { spec } = await client.resource(PERSISTENT_VOLUMES).get({ name })
    const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
    const values = terms[0]?.matchExpressions?.[0]?.values ?? []
    const where = values.length === 0 ? 'reached from every node' : `on node ${values.join(' or ')}`
    return ` (${spec.capacity?.storage}, ${where}, ${spec.persistentVolumeReclaimPolicy} when the claim goes)`
  } catch (error) {
    if (isStatus(error, 'Forbidden')) return ''
    if (isStatus(error, 'NotFound')) return ', which does not exist'
    throw error
  }
}

/** What was said about it last. */
async function lastWord(client: Client, { metadata, spec }: KubeObject): Promise<string> {
  const fieldSelector = `involvedObject.uid=${metadata.uid}`
  const { items } = await client.resource(EVENTS).list({ namespace: metadata.namespace!, fieldSelector })
  const time = (event: KubeObject) => event['lastTimestamp'] ?? event['eventTime'] ?? ''
  const last = items.sort((a, b) => (time(a) < time(b) ? 1 : -1))[0]
  if (last?.['reason'] === 'WaitForFirstConsumer') {
    return `its class ${spec.storageClassName} makes volumes where they are first used. To bind it: start a pod that uses it.`
  }
  if (last === undefined) return 'nobody has looked at it yet.'
  return `${String(last['message']).replace(/\.$/, '')}.`
}
