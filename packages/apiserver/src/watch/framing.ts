// What a watcher tells of an event, whichever way it tells it: the view that was asked for of the entry's object. The
// frames themselves are bytes (frames.ts) or objects (object-frames.ts).

import type { KubeObject } from '@brume/api/object'
import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import type { Entry } from '@brume/store/contract'
import { toServed } from '../handlers/versions.ts'
import type { Accepted } from '../http/accept.ts'
import type { ObjectEvent } from '../http/types.ts'
import { objectOf } from '../registry/entries.ts'
import { partialMetadataOf, tableOf } from '../table/table.ts'

export type WatchType = ObjectEvent['type']

/** How one watcher wants its events. */
export interface WatchForm {
  id: string
  accepted: Accepted
  definition: ResourceDefinition
  includeObject: 'None' | 'Metadata' | 'Object'
  now(): number
}

/** Events as frames of one kind. */
export interface Framing<Frame> {
  /** Watchers with equal `id` share frames. */
  id: string
  event(type: WatchType, entry: Entry): Frame
  /** The deletion, for a selector, of an object that no longer matches: its last matching state, and the revision of the change. */
  left(last: Entry, revision: number): Frame
  /** An empty object of the kind with the revision up to which everything was sent. */
  bookmark(revision: number, initialEventsEnd: boolean): Frame
  error(status: object): Frame
  join(frames: readonly Frame[]): Frame
  /** In bytes. */
  sizeOf(frame: Frame): number
}

export function watchForm(form: Omit<WatchForm, 'id'>): WatchForm {
  const { accepted, definition, includeObject } = form
  const id = [
    definition.group,
    definition.version,
    definition.plural,
    accepted.encoding,
    accepted.as,
    accepted.asVersion,
    accepted.as === 'Table' ? includeObject : '',
  ].join('/')
  return { id, ...form }
}

/** The entry as this form shows it. */
export function servedOf(form: WatchForm, entry: Entry): KubeObject {
  return viewOf(form, toServed(form.definition, objectOf(entry)))
}

/** For Framing.left. */
export function leftOf(form: WatchForm, last: Entry, revision: number): KubeObject {
  const object = toServed(form.definition, objectOf(last))
  const metadata = { ...object.metadata, resourceVersion: String(revision) }
  return viewOf(form, { ...object, metadata })
}

function viewOf(form: WatchForm, object: KubeObject): KubeObject {
  const { accepted, definition } = form
  if (accepted.as === '') return object
  if (accepted.as !== 'Table') return partialMetadataOf(object, accepted.asVersion) as KubeObject
  return tableOf(definition, [object], {
    now: form.now(),
    includeObject: form.includeObject,
    listMeta: { resourceVersion: object.metadata.resourceVersion },
    withColumnDefinitions: true,
    version: accepted.asVersion,
  }) as KubeObject
}

/** For Framing.bookmark. */
export function bookmarkOf(form: WatchForm, revision: number, initialEventsEnd: boolean): KubeObject {
  const { accepted, definition } = form
  const annotations = { 'k8s.io/initial-events-end': 'true' }
  const metadata = {
    resourceVersion: String(revision),
    creationTimestamp: null,
    ...(initialEventsEnd ? { annotations } : {}),
  }
  const object: KubeObject = {
    kind: definition.kind,
    apiVersion: apiVersionOf(definition.group, definition.version),
    metadata,
  }
  if (accepted.as === '') return object
  if (accepted.as !== 'Table') return partialMetadataOf(object, accepted.asVersion) as KubeObject
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${accepted.asVersion}`,
    metadata: { resourceVersion: String(revision) },
    columnDefinitions: [],
    rows: initialEventsEnd ? [{ cells: [], object: partialMetadataOf(object, accepted.asVersion) }] : [],
  } as unknown as KubeObject
}
