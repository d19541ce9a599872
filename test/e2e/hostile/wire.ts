// A TLS connection with nothing above it: what is sent is what the test writes, byte for byte.

import { createConnection } from 'node:net'
import tls from 'node:tls'
import type { TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'

export interface Wire {
  socket: tls.TLSSocket
  /** All that came so far. */
  received(): Buffer
  send(data: Buffer | string): void
  /** Waits for what the test looks for in what came. */
  until<T>(what: string, probe: (received: Buffer) => T | undefined | false): Promise<T>
  /** Waits for the server to end the connection, in whatever way. */
  closed(): Promise<Buffer>
  /** Whether the server ended it already. */
  isClosed(): boolean
  end(): void
  /** Ends it with a TCP reset. */
  reset(): void
}

/** As the administrator, unless `anonymous`. */
export function openWire(
  { plane }: TestControlPlane,
  options: { protocol: 'h2' | 'http/1.1'; anonymous?: boolean },
): Promise<Wire> {
  const { pki, port } = plane
  const chunks: Buffer[] = []
  let isClosed = false
  const tcp = createConnection(port, '127.0.0.1')
  const socket = tls.connect({
    socket: tcp,
    ca: pki.ca.certificatePem,
    servername: 'localhost',
    ALPNProtocols: [options.protocol],
    ...(options.anonymous ? {} : { cert: pki.admin.certificatePem, key: pki.admin.privateKeyPem }),
  })
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('close', () => {
    isClosed = true
  })
  const received = () => {
    if (chunks.length > 1) chunks.splice(0, chunks.length, Buffer.concat(chunks))
    return chunks[0] ?? Buffer.alloc(0)
  }
  const wire: Wire = {
    socket,
    received,
    send: (data) => void (socket.destroyed || socket.write(data)),
    until: (what, probe) => eventually(what, () => probe(received())),
    async closed() {
      await eventually('the end of the connection', () => isClosed)
      return received()
    },
    isClosed: () => isClosed,
    end: () => socket.destroy(),
    reset: () => void tcp.resetAndDestroy(),
  }
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => {
      // What comes later is for the test to see: a reset is an end like any other.
      socket.off('error', reject).on('error', () => {})
      resolve(wire)
    })
    socket.once('error', reject)
  })
}

/** Whether the server still answers others, as it should whatever one client does. */
export async function isWell(plane: TestControlPlane): Promise<boolean> {
  const wire = await openWire(plane, { protocol: 'http/1.1' })
  wire.send('GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  const text = (await wire.closed()).toString()
  return text.startsWith('HTTP/1.1 200') && text.endsWith('ok')
}
