// Where a request carries a bearer token: the Authorization header, or, for browsers that cannot set one on a
// WebSocket, a subprotocol.

import type { ApiRequest } from '../../http/types.ts'

const WEBSOCKET_PREFIX = 'base64url.bearer.authorization.k8s.io.'

/** undefined when there is none. */
export function bearerToken(request: Pick<ApiRequest, 'headers'>): string | undefined {
  const match = /^bearer +(\S+) *$/i.exec(request.headers['authorization'] ?? '')
  return match?.[1] ?? websocketToken(request.headers)
}

function websocketToken(headers: ApiRequest['headers']): string | undefined {
  const upgrade = headers['upgrade']?.toLowerCase() === 'websocket'
  if (!upgrade) return undefined
  for (const protocol of (headers['sec-websocket-protocol'] ?? '').split(',')) {
    const name = protocol.trim()
    if (!name.startsWith(WEBSOCKET_PREFIX)) continue
    const token = Buffer.from(name.slice(WEBSOCKET_PREFIX.length), 'base64url').toString('utf8')
    return token === '' ? undefined : token
  }
  return undefined
}
