// A transport that acts as another user (`kubectl --as`): the server lets only those do so who may.

import type { Transport } from './transport.ts'

/** Closing it leaves `transport` open: that is whoever's who opened it. */
export function actingAs(transport: Transport, user: string): Transport {
  return {
    request: (request) =>
      transport.request({ ...request, headers: { ...request.headers, 'impersonate-user': user } }),
    close() {},
  }
}
