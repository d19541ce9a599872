// Errors of connections in the words of Go's net package, which everybody who reads events of pods knows.

const TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

/** Of a connection to `address` (host:port). */
export function connectionError(error: NodeJS.ErrnoException, address: string): string {
  const { code = '', message } = error
  if (code === 'ECONNRESET') return message === 'socket hang up' ? 'EOF' : 'read: connection reset by peer'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `dial tcp: lookup ${address.slice(0, address.lastIndexOf(':'))}: no such host`
  }
  const text = TEXTS[code]
  return text === undefined ? message : `dial tcp ${address}: ${text}`
}
