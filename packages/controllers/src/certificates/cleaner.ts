// Deletes certificate requests that are of no more use: an hour after they were issued, denied or failed, a day when
// nobody decided, at once when the certificate has expired. Approved ones that wait for their signer stay.

import { X509Certificate } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import { CERTIFICATE_SIGNING_REQUESTS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { deleteIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'

export interface DeleteRequest {
  type: 'delete'
  request: KubeObject
}

const HOUR_MS = 3_600_000
const DECIDED_MS = HOUR_MS
const PENDING_MS = 24 * HOUR_MS

export function certificateCleaner({ client, informers }: Dependencies): ControllerSpec {
  const requests = informers.for(CERTIFICATE_SIGNING_REQUESTS)
  return defineController<KubeObject, DeleteRequest>({
    name: 'csr-cleaner',
    sources: [fromInformer(requests)],
    observe: (name) => requests.store.get('', name),
    decide: decideRequestAge,
    async act({ request: { metadata } }) {
      const preconditions = { uid: metadata.uid!, resourceVersion: metadata.resourceVersion! }
      const resource = client.resource(CERTIFICATE_SIGNING_REQUESTS)
      await deleteIfPresent(resource, { name: metadata.name! }, { preconditions })
    },
  })
}

export function decideRequestAge(request: KubeObject, now: number): Plan<DeleteRequest> {
  if (request.metadata.deletionTimestamp !== undefined) return { actions: [] }
  const dueAt = Math.min(...deadlines(request))
  if (dueAt <= now) return { actions: [{ type: 'delete', request }] }
  return Number.isFinite(dueAt) ? { actions: [], requeueAfterMs: dueAt - now } : { actions: [] }
}

/** Milliseconds since the epoch at which each of the rules applies. */
function deadlines(request: KubeObject): number[] {
  const conditions: { type: string; lastUpdateTime?: string }[] = request.status?.conditions ?? []
  const certificate: string | undefined = request.status?.certificate
  if (conditions.length === 0) return [Date.parse(request.metadata.creationTimestamp ?? '') + PENDING_MS]
  const times = conditions
    .filter(({ type }) => type !== 'Approved' || certificate)
    .map(({ lastUpdateTime }) => Date.parse(lastUpdateTime ?? '') + DECIDED_MS)
  if (certificate) times.push(endOf(certificate))
  return times.filter((time) => !Number.isNaN(time))
}

function endOf(certificate: string): number {
  try {
    return Date.parse(new X509Certificate(Buffer.from(certificate, 'base64')).validTo)
  } catch (error) {
    // A signer of a third party may have left anything here.
    if (error instanceof Error) return Number.NaN
    throw error
  }
}
