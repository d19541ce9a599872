// What is said of one way from a pod to what it is to reach, and the words of it. Pure.

import { isIPv6 } from 'node:net'
import type { KubeObject } from '@brume/api/object'

export interface Path {
  isOpen: boolean
  /** Why, or why not. */
  sentence: string
  /** The command to run next. */
  next?: string
  /** What a real try connects to; absent: there is nothing to try. */
  attempt?: { host: string; port: number }
  /** What answers there. */
  pods: readonly KubeObject[]
}

export function closed(sentence: string, next?: string): Path {
  return { isOpen: false, sentence, pods: [], ...(next === undefined ? {} : { next }) }
}

/** `by`: namespace/name of policies of the pod that asks. */
export function notOut(from: KubeObject, by: readonly string[], to: string): string {
  return `${policies(by)} of ${from.metadata.name} ${by.length === 1 ? 'does' : 'do'} not let it out to ${to}`
}

export function policies(names: readonly string[]): string {
  return names.length === 1 ? `NetworkPolicy ${names[0]}` : `NetworkPolicies ${names.join(', ')}`
}

/** The command that shows the first of them. */
export function described([first = '']: readonly string[]): string {
  const [namespace, name] = first.split('/')
  return `kubectl describe networkpolicy ${name} -n ${namespace}`
}

/** `10.96.0.1:80`, `[fd00::1]:80`. */
export function withPort(ip: string, port: number): string {
  return isIPv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`
}
