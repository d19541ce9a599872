// GET with watch=true: the start of a watch, from the newest state, from a revision, or with the initial events.

import { expired, notFound, tooManyRequests } from '@brume/base/errors'
import type { Entry } from '@brume/store/contract'
import { nodeNameOf } from '../auth/authorizers/node-identity.ts'
import { negotiate, notAcceptable, TABLE_VIEWS } from '../http/accept.ts'
import { statusOf } from '../http/status.ts'
import type { ApiResponse, BodyStream, Sink } from '../http/types.ts'
import { keyOf, prefixOf } from '../registry/entries.ts'
import { type ListOptions, parseListOptions } from '../request/options.ts'
import { compileSelection, type Selection } from '../request/selection.ts'
import { byteFraming } from '../watch/frames.ts'
import { type Framing, type WatchForm, watchForm } from '../watch/framing.ts'
import { objectFraming } from '../watch/object-frames.ts'
import { Watcher } from '../watch/watcher.ts'
import { type RequestContext, targetOf } from './context.ts'
import { revisionTooLarge } from './get.ts'
import { listEntries } from './list.ts'

/** Without a wish of the client a watch ends after 30 to 60 minutes, so that load spreads again. */
const MIN_TIMEOUT_SECONDS = 1800
const MAX_TIMEOUT_SECONDS = 86_400

export function handleWatch(context: RequestContext): ApiResponse {
  const { request, definition, parts } = context
  if (!definition.stored) throw notFound(targetOf(context))
  const offer = { views: TABLE_VIEWS, protobuf: definition.custom !== true }
  const accepted = negotiate(request.headers['accept'], offer, null)
  if (accepted.encoding === 'yaml') throw notAcceptable(offer)
  const options = parseListOptions(request.query, 'watch')
  const selection = compileSelection(definition, options)
  const start = startOf(context, options)
  const contentType =
    accepted.encoding === 'protobuf' ? 'application/vnd.kubernetes.protobuf;stream=watch' : 'application/json'
  if (parts.watches.isFull(isExempt(context)))
    throw tooManyRequests('too many watches are open, please try again later', 5)
  const { includeObject } = options
  const form = watchForm({ accepted, definition, includeObject, now: () => parts.clock.now() })
  return {
    status: 200,
    headers: { 'content-type': contentType },
    body: bodyOf(context, { form, options, selection, start }),
  }
}

interface Asked {
  form: WatchForm
  options: ListOptions
  selection: Selection
  start: Start
}

function bodyOf(context: RequestContext, asked: Asked): BodyStream {
  const objects = objectFraming(asked.form)
  return {
    start: (sink) => begin(context, asked, { sink, framing: byteFraming(asked.form) }),
    ...(objects && { startEvents: (sink) => begin(context, asked, { sink, framing: objects }) }),
  }
}

interface Reader<Frame> {
  sink: Sink<Frame>
  framing: Framing<Frame>
}

function begin<Frame>(context: RequestContext, asked: Asked, { sink, framing }: Reader<Frame>): void {
  const { definition, info, parts } = context
  const { options, selection, start } = asked
  if (start.after < parts.store.compactedRevision) {
    // As in Kubernetes, what is wrong with a watch that may be made is told by its first and only event.
    sink.write(framing.error(statusOf(expired(`too old resource version: ${start.after}`))))
    sink.end()
    return
  }
  const watcher = new Watcher({
    store: parts.store,
    hub: parts.watches,
    sink,
    framing,
    selection,
    prefix: prefixOf(definition, info.namespace),
    onlyKey: keyWatched(context),
    bookmarks: options.allowWatchBookmarks,
    ...start,
  })
  if (!parts.watches.add(watcher, isExempt(context))) {
    sink.abort()
    return
  }
  parts.watches.guard(watcher, () => watcher.start())
  const wanted = options.timeoutSeconds
  const seconds =
    wanted !== undefined && wanted > 0
      ? Math.min(wanted, MAX_TIMEOUT_SECONDS)
      : MIN_TIMEOUT_SECONDS * (1 + (parts.random ?? Math.random)())
  const timer = parts.clock.after(seconds * 1000, () => watcher.finish())
  sink.onClose(() => timer.cancel())
  if (definition.custom === true) sink.onClose(finishWhenUnserved(context, watcher))
  const node = nodeNameOf(context.user)
  if (node !== undefined) sink.onClose(parts.removed.onRemoval(node, () => watcher.drop()))
}

const isExempt = ({ user }: RequestContext) => user.groups.includes('system:masters')

/** A kind that is taken away takes its watches along. Returns the function that stops looking. */
function finishWhenUnserved(
  { parts: { registry }, info }: RequestContext,
  watcher: { finish(): void },
): () => void {
  return registry.onChange(() => {
    if (registry.lookup(info.group, info.version, info.resource) === undefined) watcher.finish()
  })
}

interface Start {
  after: number
  initial: readonly Entry[]
  initialBookmark: number | undefined
}

/** resourceVersion unset or "0": the current objects first. With sendInitialEvents: them and the ending bookmark. */
function startOf(context: RequestContext, options: ListOptions): Start {
  const { store } = context.parts
  const wanted = options.resourceVersion
  const fresh = wanted === '' || wanted === '0'
  if (!fresh && Number(wanted) > store.revision) {
    throw revisionTooLarge(wanted, store.revision)
  }
  const withInitial = options.sendInitialEvents ?? fresh
  if (withInitial) {
    const page = listEntries(context, {
      ...options,
      limit: 0,
      continueToken: '',
      resourceVersion: '',
      resourceVersionMatch: '',
    })
    const key = keyWatched(context)
    const initial = key === undefined ? page.entries : page.entries.filter((entry) => entry.key === key)
    const bookmark = options.sendInitialEvents === true && options.allowWatchBookmarks
    return { after: page.revision, initial, initialBookmark: bookmark ? page.revision : undefined }
  }
  const after = fresh ? store.revision : Number(wanted)
  return { after, initial: [], initialBookmark: undefined }
}

/** The one key that is watched, if the request names it; a name in all namespaces is left to the selector. */
function keyWatched({ definition, info }: RequestContext): string | undefined {
  if (info.name === '' || (definition.namespaced && info.namespace === '')) return undefined
  return keyOf(definition, info.namespace, info.name)
}
