// Whether this machine still belongs to its cloud: an administrator may have removed it, and then it does not come back
// by itself.

import { setTimeout as sleep } from 'node:timers/promises'
import { NODE_REMOVED } from '@brume/api/node-membership'
import { isStatus, StatusError } from '@brume/base/errors'
import { NODES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type Transport, TransportError } from '@brume/client/transport'

const RETRY_MS = 2000
const UNAUTHORIZED = 401

/** False: it was removed. Waits for a cloud that does not answer, for machines start in any order; `onSilent` is told why, once. */
export async function isMember(
  client: Client,
  { nodeName, signal, onSilent }: { nodeName: string; signal: AbortSignal; onSilent(why: string): void },
): Promise<boolean> {
  for (let told = false; ; told = true) {
    try {
      await client.resource(NODES).get({ name: nodeName }, { signal })
      return true
    } catch (error) {
      if (error instanceof StatusError) return !isRemoval(error)
      if (!(error instanceof TransportError) || !error.retryable) throw error
      if (!told) onSilent(error.message)
      await sleep(RETRY_MS, undefined, { signal })
    }
  }
}

/** Calls `onRemoved`, once, when the cloud says so in an answer. */
export function noticeRemoval(transport: Transport, onRemoved: () => void): Transport {
  let isNoticed = false
  return {
    async request(request) {
      const response = await transport.request(request)
      if (response.status !== UNAUTHORIZED) return response
      const body = await response.buffer()
      if (!isNoticed && body.includes(NODE_REMOVED)) {
        isNoticed = true
        onRemoved()
      }
      return { ...response, body: once(body), buffer: async () => body }
    },
    close: () => transport.close(),
  }
}

function isRemoval(error: StatusError): boolean {
  return (
    isStatus(error, 'Unauthorized') &&
    error.details?.causes?.some(({ reason }) => reason === NODE_REMOVED) === true
  )
}

async function* once(body: Buffer): AsyncGenerator<Buffer> {
  yield body
}
