// Ports of the machine that Services have: the kernel leads those to pods before the edge could hear of it.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { keyOf } from '@brume/client/resource-ref'

/** What is against a port; the Services are looked through at the first question. */
export function nodePortProblem(services: {
  list(): readonly KubeObject[]
}): (port: number) => string | undefined {
  let taken: Map<number, string> | undefined
  return (port) => {
    taken ??= nodePortsOf(services.list())
    const owner = taken.get(port)
    return owner === undefined ? undefined : `is the node port of Service ${owner}; use another port`
  }
}

function nodePortsOf(services: readonly KubeObject[]): Map<number, string> {
  const taken = new Map<number, string>()
  for (const service of services)
    for (const { nodePort } of listOf(service['spec'].ports))
      if (nodePort !== undefined) taken.set(nodePort, keyOf(service))
  return taken
}
