// What a pod is to reach, as it is written on the command line: svc/NAME:PORT, pod/NAME:PORT, NAME:PORT, ADDRESS:PORT
// ([ADDRESS]:PORT with IPv6). Names as the pod's own search path resolves them. Pure.

import { isIPv4, isIPv6 } from 'node:net'
import { addressAt, parseIpRange } from '@brume/api/network/ip-range'
import { UsageError } from '@brume/base/command-line'

export interface NamedTarget<T extends 'pod' | 'service'> {
  type: T
  namespace: string
  name: string
  port: string
}

export type Target =
  | NamedTarget<'pod'>
  | NamedTarget<'service'>
  | { type: 'address'; ip: string; port: string }
  /** Of no Service: somewhere outside. */
  | { type: 'outside'; name: string; port: string }

export const DOMAIN = 'cluster.local'
const KINDS: Readonly<Record<string, 'pod' | 'service'>> = {
  pod: 'pod',
  pods: 'pod',
  po: 'pod',
  svc: 'service',
  service: 'service',
  services: 'service',
}
const HOW = 'Next: ./brume net check pod/NAME svc/NAME:PORT'

/** `namespaces`: those that are there; `namespace`: of the pod that asks. Throws UsageError. */
export function targetOf(
  text: string,
  { namespace, namespaces }: { namespace: string; namespaces: ReadonlySet<string> },
): Target {
  const [, inBrackets = '', itsPort = ''] = /^\[([0-9a-f:.]+)\]:([a-z0-9-]+)$/.exec(text.toLowerCase()) ?? []
  if (isIPv6(inBrackets))
    return { type: 'address', ip: addressAt(parseIpRange(inBrackets)!, 0), port: itsPort }
  const match = /^(?:([a-z]+)\/)?([^/:]+):([a-z0-9-]+)$/.exec(text.toLowerCase())
  if (match === null)
    throw new UsageError(`"${text}" is not svc/NAME:PORT, pod/NAME:PORT or NAME:PORT. ${HOW}`)
  const [, kind, name = '', port = ''] = match
  if (kind !== undefined) {
    const type = KINDS[kind]
    if (type === undefined) throw new UsageError(`"${kind}" is neither pod nor svc. ${HOW}`)
    return { type, namespace, name, port } as Target
  }
  if (isIPv4(name)) return { type: 'address', ip: name, port }
  const labels = name
    .replace(/\.$/, '')
    .replace(new RegExp(`\\.svc(\\.${DOMAIN.replace('.', '\\.')})?$`), '')
    .split('.')
  const isFull = name !== labels.join('.')
  const [first = '', second, ...more] = labels
  if (second === undefined) return { type: 'service', namespace, name: first, port }
  if (more.length === 0 && (isFull || namespaces.has(second)))
    return { type: 'service', namespace: second, name: first, port }
  return { type: 'outside', name, port }
}
