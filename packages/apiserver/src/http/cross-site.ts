// A browser that holds a client certificate shows it to pages of other sites too. They cannot read our answers (no CORS
// headers), but they could make the browser write; a body without a content type counts as JSON, as in Kubernetes.

import { StatusError } from '@brume/base/errors'
import type { ApiRequest } from './types.ts'

const FOREIGN = new Set(['cross-site', 'same-site'])

/**
 * Throws Forbidden for a write, or an upgrade, that a page of another site caused (Fetch Metadata: browsers set the
 * header, pages cannot). A request with a bearer token was made by someone who has the token.
 */
export function refuseCrossSite({ method, headers }: Pick<ApiRequest, 'method' | 'headers'>): void {
  const site = headers['sec-fetch-site']
  if (site === undefined || !FOREIGN.has(site)) return
  const reads = (method === 'GET' || method === 'HEAD') && headers['upgrade'] === undefined
  if (reads || headers['authorization'] !== undefined) return
  throw new StatusError('Forbidden', 'forbidden: the request was caused by a page of another site', {})
}
