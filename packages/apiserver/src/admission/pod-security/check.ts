// What a check of the Pod Security Standards is, and the words that checks have in common.

import type { KubeObject } from '@brume/api/object'
import { containersOf } from '../../auth/authorizers/pod-references.ts'
import type { Json } from '../request.ts'

export type Level = 'privileged' | 'baseline' | 'restricted'

export interface PodTemplate {
  metadata: KubeObject['metadata']
  spec: Json
}

export interface Violation {
  /** `host namespaces` */
  reason: string
  /** `hostNetwork=true` */
  detail: string
}

export interface Check {
  id: string
  /** Minor version of Kubernetes whose policy it first belongs to. */
  since: number
  /** Checks of the level below that this one takes the place of. */
  overrides?: readonly string[]
  /** `minor`: of the policy version in force. */
  run(pod: PodTemplate, minor: number): Violation | undefined
}

/** Names of the containers for which `is` holds; init containers first. */
export function containersWhere({ spec }: PodTemplate, is: (container: Json) => boolean): string[] {
  return containersOf(spec)
    .filter(is)
    .map((container) => String(container.name))
}

/** `container "a"`, `containers "a", "b"` */
export function theContainers(names: readonly string[]): string {
  return `${plural(names, 'container')} ${joinQuoted(names)}`
}

/** `pod and containers "a", "b"`; undefined: nobody. */
export function whoSets(pod: boolean, containers: readonly string[]): string | undefined {
  const who = [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [theContainers(containers)] : [])]
  return who.length === 0 ? undefined : who.join(' and ')
}

export function plural(list: readonly unknown[], word: string): string {
  return list.length === 1 ? word : `${word}s`
}

export function joinQuoted(list: readonly string[]): string {
  return list.map((item) => JSON.stringify(item)).join(', ')
}

export function sortedUnique(list: readonly string[]): string[] {
  return [...new Set(list)].sort()
}

export function isWindows({ spec }: PodTemplate): boolean {
  return spec.os?.name === 'windows'
}
