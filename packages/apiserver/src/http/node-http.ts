// Node's HTTP/1.1 module without what an `import` of it brings: importing reads every export, among them the browser's
// WebSocket and EventSource, and with these comes a whole HTTP client (20 ms and 5 MB that a server never uses).

import type { IncomingMessage, ServerResponse } from 'node:http'

const http = process.getBuiltinModule('node:http')

export const { createServer, STATUS_CODES } = http

/** An answer on a connection that the server has let go. */
export function newServerResponse(message: IncomingMessage): ServerResponse {
  return new http.ServerResponse(message)
}
