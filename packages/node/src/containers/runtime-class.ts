// Which of the machine's runtimes a pod is run with: its RuntimeClass names the handler. Overhead and scheduling were put
// into the pod by admission.

import { isStatus } from '@brume/base/errors'
import { RUNTIME_CLASSES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type Pod, PodProblem } from '../contract.ts'

export interface RuntimesOfNode {
  nodeName: string
  client: Client
  /** Those that containerd was told of. */
  handlers: readonly string[]
}

const REASON = 'FailedCreatePodSandBox'

/** For CRI; '' is the usual one. Throws PodProblem. */
export async function runtimeHandlerOf(pod: Pod, node: RuntimesOfNode): Promise<string> {
  const name: string = pod['spec'].runtimeClassName ?? ''
  if (name === '') return ''
  const handler = await handlerOf(name, node)
  if (node.handlers.includes(handler)) return handler
  throw new PodProblem(
    REASON,
    `RuntimeClass ${name} wants the handler ${handler}, which node ${node.nodeName} does not have; ` +
      `it has ${node.handlers.join(', ')}. Install it there and start Brume again, or let the class's ` +
      'scheduling.nodeSelector choose nodes that have it',
  )
}

async function handlerOf(name: string, { client }: RuntimesOfNode): Promise<string> {
  try {
    return String((await client.resource(RUNTIME_CLASSES).get({ name }))['handler'])
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
    throw new PodProblem(REASON, `RuntimeClass ${name} does not exist`, {
      cause: error,
    })
  }
}
