// Watch events as bytes. A frame is made once per event and form and shared by every watcher that wants it; so is the
// concatenation of a whole batch.

import { encodeProtobuf } from '@brume/api/codec/protobuf'
import { encodeWatchFrame } from '@brume/api/codec/protobuf-list'
import type { KubeObject } from '@brume/api/object'
import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import { stringifyJson } from '@brume/base/json'
import type { Entry } from '@brume/store/contract'
import { servesStoredBytes, toServed } from '../handlers/versions.ts'
import type { Accepted } from '../http/accept.ts'
import { metaSchema } from '../http/encode.ts'
import { exactBytes, objectOf } from '../registry/entries.ts'
import { partialMetadataOf, tableOf } from '../table/table.ts'

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

/** How one watcher wants its events. Watchers with equal `id` share bytes. */
export interface WatchForm {
  id: string
  accepted: Accepted
  definition: ResourceDefinition
  includeObject: 'None' | 'Metadata' | 'Object'
  now(): number
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

/** One event of an entry. */
export function frameOf(form: WatchForm, type: WatchType, entry: Entry): Buffer {
  const { accepted, definition } = form
  if (accepted.encoding === 'json' && accepted.as === '' && servesStoredBytes(definition)) {
    return joinFrame(type, entry.value)
  }
  return frameOfObject(form, type, toServed(definition, objectOf(entry)))
}

/** The deletion, for a selector, of an object that no longer matches: its last matching state, and the revision of the change. */
export function leftFrame(form: WatchForm, last: Entry, revision: number): Buffer {
  const object = toServed(form.definition, objectOf(last))
  const metadata = { ...object.metadata, resourceVersion: String(revision) }
  return frameOfObject(form, 'DELETED', { ...object, metadata })
}

const prefixes = new Map<WatchType, Buffer>()
const SUFFIX = Buffer.from('}\n')

function joinFrame(type: WatchType, value: Buffer): Buffer {
  let prefix = prefixes.get(type)
  if (prefix === undefined) {
    prefix = Buffer.from(`{"type":"${type}","object":`)
    prefixes.set(type, prefix)
  }
  return Buffer.concat([prefix, value, SUFFIX])
}

function frameOfObject(form: WatchForm, type: WatchType, object: KubeObject): Buffer {
  const { accepted, definition } = form
  if (accepted.as === 'Table') {
    const table = tableOf(definition, [object], {
      now: form.now(),
      includeObject: form.includeObject,
      listMeta: { resourceVersion: object.metadata.resourceVersion },
      withColumnDefinitions: true,
      version: accepted.asVersion,
    })
    return encodeFrame(form, type, table as KubeObject)
  }
  if (accepted.as !== '')
    return encodeFrame(form, type, partialMetadataOf(object, accepted.asVersion) as KubeObject)
  return encodeFrame(form, type, object)
}

function encodeFrame(form: WatchForm, type: WatchType, object: KubeObject): Buffer {
  if (form.accepted.encoding === 'json')
    return exactBytes(`{"type":"${type}","object":${stringifyJson(object)}}\n`)
  const view = object.kind === form.definition.kind ? form.definition.schema : metaSchema(object.kind)
  return encodeWatchFrame(type, encodeProtobuf(object, view))
}

/** A bookmark: an empty object of the kind with the revision up to which everything was sent. */
export function bookmarkFrame(form: WatchForm, revision: number, initialEventsEnd: boolean): Buffer {
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
  if (accepted.as === 'Table' || accepted.as === '') {
    if (accepted.as === '') return encodeFrame(form, 'BOOKMARK', object)
    const table = {
      kind: 'Table',
      apiVersion: `meta.k8s.io/${accepted.asVersion}`,
      metadata: { resourceVersion: String(revision) },
      columnDefinitions: [],
      rows: initialEventsEnd ? [{ cells: [], object: partialMetadataOf(object, accepted.asVersion) }] : [],
    }
    return encodeFrame(form, 'BOOKMARK', table as unknown as KubeObject)
  }
  return encodeFrame(form, 'BOOKMARK', partialMetadataOf(object, accepted.asVersion) as KubeObject)
}

export function errorFrame(form: WatchForm, status: object): Buffer {
  return encodeFrame(form, 'ERROR', status as KubeObject)
}
