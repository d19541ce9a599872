// The parts of all sources as one model. Pure. Two sources may name the same port; what it speaks is said by the first.

import type { Listener, Model } from './model.ts'

/** Protocols that one port can speak together: TLS is passed on by its name, or opened. */
const TOGETHER: readonly (readonly Listener['protocol'][])[] = [['https', 'tls']]

/** Whether both can be had on one port. */
export function speakTogether(a: Listener['protocol'], b: Listener['protocol']): boolean {
  return a === b || TOGETHER.some((pair) => pair.includes(a) && pair.includes(b))
}

export function mergeModels(models: readonly Model[]): {
  model: Model
  /** Ports that two sources want for different things: the later one does not have it. */
  ports: Map<number, string>
} {
  const listeners: Listener[] = []
  const ports = new Map<number, string>()
  for (const { port, protocol } of models.flatMap((model) => model.listeners)) {
    const there = listeners.filter((one) => one.port === port)
    if (there.some((one) => one.protocol === protocol)) continue
    if (there.every((one) => speakTogether(one.protocol, protocol))) listeners.push({ port, protocol })
    else
      ports.set(port, `port ${port} speaks ${there[0]!.protocol} already, and cannot speak ${protocol} too`)
  }
  const model = {
    listeners: listeners.sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1)),
    routes: models.flatMap(({ routes }) => routes),
    streams: models.flatMap(({ streams }) => streams),
    certificates: models.flatMap(({ certificates }) => certificates),
    claims: models.flatMap(({ claims }) => claims),
  }
  return { model, ports }
}
