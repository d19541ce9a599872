// Bytes between two connections, whatever they mean: what one side sends the other gets, no faster than it takes it.

import type { Socket } from 'node:net'

export const RELAY_LIMITS = {
  /** Neither side sent or took anything: the kubelet's own limit of a stream. */
  idleMs: 4 * 3600_000,
  /** How long the other side may take to fetch what is left when one has gone. */
  lingerMs: 10_000,
} as const

export type RelayLimits = { [K in keyof typeof RELAY_LIMITS]: number }

/** Resolves when both are closed. An end or a failure of one is the end of both. */
export function relay(one: Socket, other: Socket, limits: RelayLimits = RELAY_LIMITS): Promise<void> {
  const closed = [closing(one, other, limits), closing(other, one, limits)]
  one.pipe(other)
  other.pipe(one)
  return Promise.all(closed).then(() => {})
}

function closing(socket: Socket, peer: Socket, { idleMs, lingerMs }: RelayLimits): Promise<void> {
  const bothAreIdle = () => {
    socket.destroy()
    peer.destroy()
  }
  socket.setTimeout(idleMs, bothAreIdle)
  const letGo = () => {
    if (peer.destroyed) return
    peer.end()
    peer.setTimeout(lingerMs, () => peer.destroy())
  }
  socket.once('end', letGo)
  socket.on('error', letGo)
  if (socket.destroyed) {
    letGo()
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    socket.once('close', () => {
      letGo()
      resolve()
    })
  })
}
