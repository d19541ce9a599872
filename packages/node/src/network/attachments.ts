// What the CNI library remembers of the interfaces that its plugins made for pods.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CNI_RESULTS, isResultOf } from './cni-results.ts'

export interface Attachment {
  /** The node's end of the pod's cable. */
  port: string
  /** Of the pod's end. */
  mac: string
  addresses: readonly string[]
}

/** The CNI specification, "ADD Success". */
interface CniResult {
  interfaces?: { name: string; mac?: string; sandbox?: string }[]
  ips?: { address: string }[]
}

/** Of the network's pods; what is half written counts when it is whole. */
export function attachmentsOf(network: string, bridge: string): Attachment[] {
  if (!existsSync(CNI_RESULTS)) return []
  return readdirSync(CNI_RESULTS)
    .filter((file) => isResultOf(network, file))
    .flatMap((file) => attachmentOf(readResult(join(CNI_RESULTS, file)), bridge) ?? [])
}

export function attachmentOf(
  { interfaces = [], ips = [] }: CniResult,
  bridge: string,
): Attachment | undefined {
  const port = interfaces.find(({ name, sandbox }) => !sandbox && name !== bridge)?.name
  const mac = interfaces.find(({ sandbox }) => Boolean(sandbox))?.mac
  if (port === undefined || mac === undefined) return undefined
  return { port, mac: mac.toLowerCase(), addresses: ips.map(({ address }) => address.replace(/\/.*$/, '')) }
}

function readResult(path: string): CniResult {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).result ?? {}
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
