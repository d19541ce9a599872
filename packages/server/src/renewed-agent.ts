// An agent whose certificates are renewed while it runs, and whose connection ends with it.

import type { Logger } from '@brume/base/log'
import type { NodeAgent, NodeCredentials } from '@brume/node/agent/agent'

export interface RenewalOptions {
  /** Makes new certificates when it is time; else gives those that there are. */
  renew(): Promise<NodeCredentials>
  /** After the agent has stopped. */
  disconnect(): void
  logger: Logger
}

/** Certificates last a year, or what their signer gave them: nobody misses a day. */
const RENEW_EVERY_MS = 24 * 3600_000

export function renewedAgent(agent: NodeAgent, { renew, disconnect, logger }: RenewalOptions): NodeAgent {
  const timer = setInterval(() => {
    renew()
      .then((credentials) => agent.setCredentials(credentials))
      .catch((error) => logger.error("the node's certificates could not be renewed", { error }))
  }, RENEW_EVERY_MS)
  timer.unref()
  return {
    ...agent,
    async close() {
      clearInterval(timer)
      await agent.close()
      disconnect()
    },
  }
}
