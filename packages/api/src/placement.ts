// The names of brume.dev about where pods run, which the scheduler, the API server and people's tools share. ADR 13 says
// what they mean.

import type { KubeObject } from './object.ts'

/** On a Node (label): the group it belongs to. On a pod (label, annotation or node selector): the group it asks for. */
export const GROUP = 'brume.dev/group'
/** On a pod (label or annotation): `spread` or `pack`. */
export const PLACEMENT = 'brume.dev/placement'
/** On a Node of a group (label): `"true"` means that CPU is never promised twice there. */
export const STRICT = 'brume.dev/strict'
/** On a Binding and then on its pod (annotation): why the scheduler chose the node, in words. */
export const PLACED_BECAUSE = 'brume.dev/placed-because'

export type PlacementWord = 'spread' | 'pack'

/** A word of a pod or of a pod's template. */
export function wordOf(
  { metadata }: Partial<Pick<KubeObject, 'metadata'>>,
  name: string,
): string | undefined {
  return metadata?.annotations?.[name] ?? metadata?.labels?.[name]
}
