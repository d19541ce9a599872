// The HTTPS port: one TLS socket, HTTP/2 or HTTP/1.1 by ALPN, every limit in one place.

import type http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import tls from 'node:tls'
import { type Clock, systemClock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { ApiServer } from '../server.ts'
import { serveHttp1 } from './http1.ts'
import { mayUpgrade } from './http1-upgrade.ts'
import { serveHttp2 } from './http2.ts'
import { LISTENER_LIMITS, type ListenerLimits } from './limits.ts'
import { createServer } from './node-http.ts'
import type { Serving } from './serving.ts'
import { SlowReaders } from './slow-readers.ts'

/** How often answers that nobody reads are looked for, as a part of the time they are given. */
const SWEEPS = 6
/** And half-sent requests. */
const HEAD_CHECKS = 4

/** Forward secrecy and authenticated encryption in every version. */
const TLS = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const

export interface ListenerOptions {
  server: ApiServer
  host: string
  port: number
  /** PEM. */
  key: string
  certificate: string
  clientCa: string
  logger: Logger
  clock?: Clock
  limits?: Partial<ListenerLimits>
}

export interface Listener {
  port: number
  address: string
  /** New certificate for new connections. */
  renew(certificate: { key: string; certificate: string }): void
  /** Stops accepting, ends what is open within `graceMs`, then cuts the rest. */
  close(graceMs: number): Promise<void>
}

/** Listens on host:port (port 0: any free one). Rejects with the system's error, e.g. EADDRINUSE. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { logger, clock = systemClock } = options
  const limits: ListenerLimits = { ...LISTENER_LIMITS, ...options.limits }
  const sockets = new Set<tls.TLSSocket>()
  const slowReaders = new SlowReaders(limits.stalledMs)
  const sweeping = setInterval(() => slowReaders.sweep(clock.now()), limits.stalledMs / SWEEPS).unref()
  const failed = (error: unknown) => logger.error('an answer could not be sent', { error })
  const serving: Serving = { server: options.server, slowReaders, clock, limits, failed }
  const h2 = http2.createServer({
    maxHeaderListPairs: limits.headerPairs,
    maxSessionInvalidFrames: 100,
    maxSessionMemory: limits.connectionBytes / (1024 * 1024),
    settings: {
      maxConcurrentStreams: limits.streamsPerConnection,
      maxHeaderListSize: limits.headerBytes,
      initialWindowSize: 1024 * 1024,
    },
  })
  const h1 = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: limits.headMs / HEAD_CHECKS,
    shouldUpgradeCallback: mayUpgrade,
  })
  // Its timeouts of half-sent requests are armed by this event; the port itself belongs to the TLS server.
  h1.emit('listening')
  serveHttp2(h2, serving)
  serveHttp1(h1, serving)
  const server = tls.createServer({
    key: options.key,
    cert: options.certificate,
    ca: options.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: limits.handshakeMs,
    ...TLS,
    keepAlive: true,
    keepAliveInitialDelay: limits.keepAliveMs,
  })
  // Those still shaking hands too: nobody may hold up a stop.
  const raw = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    raw.add(socket)
    socket.once('close', () => raw.delete(socket))
  })
  server.maxConnections = limits.connections
  server.on('tlsClientError', (error, socket) => {
    logger.debug('TLS handshake failed', { error: error.message })
    // Node tells of a handshake that takes too long, but leaves it open.
    socket.destroy()
  })
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', (error) => logger.debug('connection failed', { error: error.message }))
    socket.setNoDelay(true)
    ;(socket.alpnProtocol === 'h2' ? h2 : h1).emit('connection', socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', (error) => logger.error('listener failed', { error }))
  const { port, address } = server.address() as AddressInfo
  return {
    port,
    address,
    renew: ({ key, certificate }) =>
      server.setSecureContext({ key, cert: certificate, ca: options.clientCa, ...TLS }),
    close: (graceMs) => {
      clearInterval(sweeping)
      return closeAll(server, { h1, sockets, raw, graceMs })
    },
  }
}

function closeAll(
  server: tls.Server,
  {
    h1,
    sockets,
    raw,
    graceMs,
  }: { h1: http.Server; sockets: Set<tls.TLSSocket>; raw: Set<Socket>; graceMs: number },
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const socket of raw) socket.destroy()
    }, graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    // It never listened itself: this ends its timer.
    h1.close()
    for (const socket of sockets) socket.emit('brume-drain')
  })
}
