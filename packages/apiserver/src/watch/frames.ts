// Watch events as bytes. A frame is made once per event and form and shared by every watcher that wants it; so is the
// concatenation of a whole batch.

import { encodeProtobuf } from '@brume/api/codec/protobuf'
import { encodeWatchFrame } from '@brume/api/codec/protobuf-list'
import type { KubeObject } from '@brume/api/object'
import { stringifyJson } from '@brume/base/json'
import type { Entry } from '@brume/store/contract'
import { servesStoredBytes } from '../handlers/versions.ts'
import { metaSchema } from '../http/encode.ts'
import { exactBytes } from '../registry/entries.ts'
import { bookmarkOf, type Framing, leftOf, servedOf, type WatchForm, type WatchType } from './framing.ts'

/** Events as the client reads them: JSON lines, or protobuf with lengths. */
export function byteFraming(form: WatchForm): Framing<Buffer> {
  return {
    id: form.id,
    event: (type, entry) => frameOf(form, type, entry),
    left: (last, revision) => encodeFrame(form, 'DELETED', leftOf(form, last, revision)),
    bookmark: (revision, initialEventsEnd) =>
      encodeFrame(form, 'BOOKMARK', bookmarkOf(form, revision, initialEventsEnd)),
    error: (status) => encodeFrame(form, 'ERROR', status as KubeObject),
    join: (frames) => (frames.length === 1 ? frames[0]! : Buffer.concat(frames)),
    sizeOf: (frame) => frame.length,
  }
}

function frameOf(form: WatchForm, type: WatchType, entry: Entry): Buffer {
  const { accepted, definition } = form
  if (accepted.encoding === 'json' && accepted.as === '' && servesStoredBytes(definition)) {
    return joinFrame(type, entry.value)
  }
  return encodeFrame(form, type, servedOf(form, entry))
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

function encodeFrame(form: WatchForm, type: WatchType, object: KubeObject): Buffer {
  if (form.accepted.encoding === 'json')
    return exactBytes(`{"type":"${type}","object":${stringifyJson(object)}}\n`)
  const schema = object.kind === form.definition.kind ? form.definition.schema : metaSchema(object.kind)
  return encodeWatchFrame(type, encodeProtobuf(object, schema))
}
