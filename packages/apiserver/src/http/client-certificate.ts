// The client certificate of a connection, looked up once per connection.

import type { TLSSocket } from 'node:tls'

const known = new WeakMap<object, Buffer | undefined>()

/** DER; undefined when none was presented. Whether it is trusted is the authenticator's to say. */
export function clientCertificateOf(socket: TLSSocket): Buffer | undefined {
  if (known.has(socket)) return known.get(socket)
  const certificate = socket.getPeerCertificate?.(false)
  const der = certificate?.raw
  known.set(socket, der)
  return der
}
