// Opens a node for new pods, or closes it.

import type { KubeObject } from '@brume/api/object'
import { type ParsedCommand, UsageError } from '@brume/base/command-line'
import { isStatus } from '@brume/base/errors'
import { NODES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { CommandError } from '../command.ts'

/** The names that the command line gives. Throws UsageError when there is none. */
export function namesIn({ words }: ParsedCommand): readonly [string, ...string[]] {
  const [first, ...more] = words
  if (first === undefined) throw new UsageError('name a node. Next: ./brume node list')
  return [first, ...more]
}

/** Throws CommandError. */
export async function nodeNamed(client: Client, name: string): Promise<KubeObject> {
  try {
    return await client.resource(NODES).get({ name })
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
    throw new CommandError(`there is no node ${name}`, './brume node list', { cause: error })
  }
}

/** False when it was so already. */
export async function setCordoned(client: Client, node: KubeObject, cordoned: boolean): Promise<boolean> {
  if ((node['spec']?.unschedulable === true) === cordoned) return false
  const body = { spec: { unschedulable: cordoned ? true : null } }
  await client.resource(NODES).patch({ name: node.metadata.name! }, { type: 'merge', body })
  return true
}
