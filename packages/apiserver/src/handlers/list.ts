// GET of a collection: selectors, pages, resourceVersion semantics, and bodies joined from the stored bytes.

import { badRequest, expired } from '@brume/base/errors'
import { type Entry, StoreError } from '@brume/store/contract'
import { type Accepted, negotiate, prettyOf, TABLE_VIEWS } from '../http/accept.ts'
import type { ApiResponse } from '../http/types.ts'
import { prefixOf } from '../registry/entries.ts'
import { continueExpired, decodeContinue, encodeContinue } from '../request/continue-token.ts'
import { type ListOptions, parseListOptions } from '../request/options.ts'
import { compileSelection } from '../request/selection.ts'
import type { RequestContext } from './context.ts'
import { revisionTooLarge } from './get.ts'
import { jsonListResponse } from './list-json.ts'
import { viewListResponse } from './list-views.ts'
import { servesStoredBytes } from './versions.ts'

export interface Page {
  entries: Entry[]
  revision: number
  continueToken: string
  /** Only where it is known exactly: a limited list without selectors. */
  remainingItemCount: number | undefined
}

export function handleList(context: RequestContext): ApiResponse {
  const { request } = context
  const accepted = negotiate(
    request.headers['accept'],
    { views: TABLE_VIEWS, protobuf: context.definition.custom !== true },
    prettyOf(request),
  )
  const options = parseListOptions(request.query, 'list')
  return respondList(context, accepted, options, listEntries(context, options))
}

export function respondList(
  context: RequestContext,
  accepted: Accepted,
  options: ListOptions,
  page: Page,
): ApiResponse {
  const raw = accepted.encoding === 'json' && accepted.as === '' && !accepted.pretty
  if (raw && servesStoredBytes(context.definition)) return jsonListResponse(context.definition, page)
  return viewListResponse(context, accepted, options, page)
}

/** The entries of one page. Throws 410 for revisions that are compacted away, 400 for bad selectors and tokens. */
export function listEntries(context: RequestContext, options: ListOptions): Page {
  const { definition, info, parts } = context
  const selection = compileSelection(definition, options)
  const prefix = prefixOf(definition, info.namespace)
  if (options.continueToken === '' && Number(options.resourceVersion) > parts.store.revision) {
    throw revisionTooLarge(options.resourceVersion, parts.store.revision)
  }
  const { revision, startAfter } = startOf(options, prefix)
  const limit = options.limit > 0 ? options.limit : undefined
  const { entries, ...state } = atRevision(options, () =>
    parts.store.list({
      prefix,
      ...(startAfter === undefined ? {} : { startAfter }),
      ...(revision === undefined ? {} : { revision }),
      ...(selection.all && limit !== undefined ? { limit } : {}),
    }),
  )
  const page = (kept: Entry[], more: boolean, remaining: number | undefined): Page => ({
    entries: kept,
    revision: state.revision,
    continueToken: more
      ? encodeContinue({ revision: state.revision, startAfter: kept.at(-1)!.key.slice(prefix.length) })
      : '',
    remainingItemCount: remaining,
  })
  if (selection.all) {
    return page(entries, state.remaining > 0, state.remaining > 0 ? state.remaining : undefined)
  }
  const kept: Entry[] = []
  for (const entry of entries) {
    if (!selection.matches(entry)) continue
    if (kept.length === limit) return page(kept, true, undefined)
    kept.push(entry)
  }
  return page(kept, false, undefined)
}

function startOf(options: ListOptions, prefix: string): { revision?: number; startAfter?: string } {
  if (options.continueToken !== '') {
    if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue')
    }
    const token = decodeContinue(options.continueToken)
    const startAfter = prefix + token.startAfter
    return token.revision < 0 ? { startAfter } : { startAfter, revision: token.revision }
  }
  const wanted = Number(options.resourceVersion)
  const exact =
    options.resourceVersionMatch === 'Exact' ||
    // Kubernetes' legacy rule: a limit with a resourceVersion other than 0 means exactly that version.
    (options.resourceVersionMatch === '' && options.limit > 0 && options.resourceVersion !== '')
  return exact && wanted > 0 ? { revision: wanted } : {}
}

function atRevision<T>(options: ListOptions, list: () => T): T {
  try {
    return list()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.code === 'compacted') {
      if (options.continueToken !== '') throw continueExpired(decodeContinue(options.continueToken))
      throw expired(`The resourceVersion for the provided list is too old.`)
    }
    throw error
  }
}
