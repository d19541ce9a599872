// Every name of brume.dev that the scheduler reads. ADR 13 says what they mean.

/** On a Node (label): the group it belongs to. On a pod (label or annotation): the group that it asks for. */
export const GROUP = 'brume.dev/group'
/** On a pod (label or annotation): `spread` or `pack`. */
export const PLACEMENT = 'brume.dev/placement'
/** On a Node of a group (label): `"true"` means that CPU is never promised twice there. */
export const STRICT = 'brume.dev/strict'

export type PlacementWord = 'spread' | 'pack'
