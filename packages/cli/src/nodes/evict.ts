// Asks for the eviction of one pod, as disruption budgets allow.

import type { KubeObject } from '@brume/api/object'
import { isStatus, StatusError } from '@brume/base/errors'
import type { Client } from '@brume/client/client'

/** `later`: it may not go now, and why. */
export type Eviction =
  | { type: 'leaving' }
  | { type: 'gone' }
  | { type: 'later'; why: string; budget: boolean }

/** Throws what no later try would mend. */
export async function evict(
  client: Client,
  { metadata: { namespace, name, uid } }: KubeObject,
  graceSeconds: number | undefined,
): Promise<Eviction> {
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
    deleteOptions: {
      preconditions: { uid },
      ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    },
  }
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`
  try {
    await client.json({ method: 'POST', path, body: JSON.stringify(body) })
    return { type: 'leaving' }
  } catch (error) {
    // Another pod of that name: the one that was meant is gone.
    if (isStatus(error, 'NotFound') || isStatus(error, 'Conflict')) return { type: 'gone' }
    if (!(error instanceof StatusError)) throw error
    const cause = error.details?.causes?.[0]
    if (error.reason === 'TooManyRequests')
      return {
        type: 'later',
        why: cause?.message ?? error.message,
        budget: cause?.reason === 'DisruptionBudget',
      }
    // More than one budget: the API evicts no such pod.
    if (error.reason === 'Unknown') return { type: 'later', why: error.message, budget: true }
    if (cause?.reason === 'NamespaceTerminating') return { type: 'later', why: error.message, budget: false }
    throw error
  }
}
