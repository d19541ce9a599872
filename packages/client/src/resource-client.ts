// The verbs of one kind.

import type { KubeObject } from '@brume/api/object'
import { apiVersionOf } from '@brume/api/resource'
import { assert } from '@brume/base/assert'
import type { ApiCall, Client } from './client.ts'
import { encodeJson } from './json.ts'
import { collectionPath, type ObjectKey, objectPath, type ResourceRef } from './resource-ref.ts'
import { type WatchEvent, watchEvents } from './watch-stream.ts'

export interface CallOptions {
  signal?: AbortSignal
}

export interface ListOptions extends CallOptions {
  /** Absent: all namespaces. */
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  resourceVersion?: string
  resourceVersionMatch?: 'Exact' | 'NotOlderThan'
  limit?: number
  continue?: string
}

export interface WriteOptions extends CallOptions {
  fieldManager?: string
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore'
  dryRun?: boolean
}

export interface DeleteOptions extends CallOptions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  gracePeriodSeconds?: number
  preconditions?: { uid?: string; resourceVersion?: string }
  dryRun?: boolean
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continue'> {
  timeoutSeconds?: number
  allowWatchBookmarks?: boolean
  sendInitialEvents?: boolean
}

export interface ObjectList<T> {
  items: T[]
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
}

export type PatchType = 'json' | 'merge' | 'strategic'

const PATCH_TYPES: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
}
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const METADATA_LIST_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
/** Pages of `listAll`; a collection beyond MAX_PAGES of them is refused rather than held. */
const PAGE_SIZE = 500
const MAX_PAGES = 10_000

export class ResourceClient<T extends KubeObject = KubeObject> {
  readonly ref: ResourceRef
  readonly #client: Client
  readonly #metadataOnly: boolean

  constructor(client: Client, ref: ResourceRef, metadataOnly = false) {
    this.#client = client
    this.ref = ref
    this.#metadataOnly = metadataOnly
  }

  /** The same kind as PartialObjectMetadata: get, list and watch bring metadata only. */
  metadata<M extends KubeObject = KubeObject>(): ResourceClient<M> {
    return new ResourceClient<M>(this.#client, this.ref, true)
  }

  get(key: ObjectKey, options: CallOptions & { resourceVersion?: string } = {}): Promise<T> {
    const { signal, resourceVersion } = options
    return this.#call({ method: 'GET', path: objectPath(this.ref, key), query: { resourceVersion }, signal })
  }

  /** One page when `limit` is given, else whatever the server gives at once. */
  async list(options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, signal, ...query } = options
    const path = collectionPath(this.ref, namespace)
    const list = await this.#client.json<ObjectList<T> & { items: T[] | null }>({
      method: 'GET',
      path,
      query,
      signal,
      accept: this.#metadataOnly ? METADATA_LIST_ONLY : undefined,
    })
    return { metadata: list.metadata, items: (list.items ?? []).map((item) => this.#withType(item)) }
  }

  /** Every object, page by page, at the first page's revision. */
  async listAll(options: ListOptions = {}): Promise<ObjectList<T>> {
    const items: T[] = []
    let token: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const first = token === undefined
      const list = await this.list({
        ...options,
        ...(first ? {} : { resourceVersion: undefined, resourceVersionMatch: undefined, continue: token }),
        limit: options.limit ?? PAGE_SIZE,
      })
      for (const item of list.items) items.push(item)
      token = list.metadata.continue
      if (token === undefined || token === '') return { items, metadata: list.metadata }
    }
    throw new Error(`listing ${this.ref.plural}: more than ${MAX_PAGES} pages of ${PAGE_SIZE}`)
  }

  create(object: T, options: WriteOptions = {}): Promise<T> {
    const path = collectionPath(this.ref, object.metadata.namespace)
    return this.#write('POST', path, object, options)
  }

  /** Compare-and-swap when `metadata.resourceVersion` is set. */
  update(object: T, options: WriteOptions = {}): Promise<T> {
    return this.#write('PUT', objectPath(this.ref, nameOf(object)), object, options)
  }

  updateStatus(object: T, options: WriteOptions = {}): Promise<T> {
    return this.#write('PUT', objectPath(this.ref, nameOf(object), 'status'), object, options)
  }

  patch(
    key: ObjectKey,
    patch: { type: PatchType; body: unknown; subresource?: string },
    options: WriteOptions = {},
  ): Promise<T> {
    const { signal, ...rest } = options
    return this.#call({
      method: 'PATCH',
      path: objectPath(this.ref, key, patch.subresource),
      query: writeQuery(rest),
      body: encodeJson(patch.body),
      contentType: PATCH_TYPES[patch.type],
      signal,
    })
  }

  /** Server-side apply. `force` takes over fields that others own. */
  apply(
    object: T,
    options: WriteOptions & { fieldManager: string; force?: boolean; subresource?: string },
  ): Promise<T> {
    const { signal, force, subresource, ...rest } = options
    return this.#call({
      method: 'PATCH',
      path: objectPath(this.ref, nameOf(object), subresource),
      query: { ...writeQuery(rest), force: force ? 'true' : undefined },
      body: encodeJson(this.#withType(object)),
      contentType: 'application/apply-patch+yaml',
      signal,
    })
  }

  /** The object when it lives on (finalizers, grace), else the server's Status. */
  delete(key: ObjectKey, options: DeleteOptions = {}): Promise<KubeObject> {
    const { signal, ...rest } = options
    const path = objectPath(this.ref, key)
    return this.#client.json({ method: 'DELETE', path, body: deleteBody(rest), signal })
  }

  async deleteCollection(options: ListOptions & { delete?: DeleteOptions } = {}): Promise<void> {
    const { namespace, signal, delete: deletion, ...query } = options
    const path = collectionPath(this.ref, namespace)
    await this.#client.json({ method: 'DELETE', path, query, body: deleteBody(deletion ?? {}), signal })
  }

  /**
   * Events until the server ends the watch or the signal aborts it (which throws AbortError). The request is sent
   * before the promise resolves, so a refusal is thrown here.
   */
  async watch(options: WatchOptions = {}): Promise<AsyncGenerator<WatchEvent<T>, void, undefined>> {
    return eachOf(await this.watchBatches(options))
  }

  /** As `watch`, with as many events at a time as have come. */
  async watchBatches(
    options: WatchOptions = {},
  ): Promise<AsyncGenerator<readonly WatchEvent<T>[], void, undefined>> {
    const { namespace, signal, ...query } = options
    const response = await this.#client.call({
      method: 'GET',
      path: collectionPath(this.ref, namespace),
      query: { ...query, watch: 'true' },
      accept: this.#metadataOnly ? METADATA_ONLY : undefined,
      signal,
    })
    return watchEvents<T>(response)
  }

  getSubresource<R = KubeObject>(key: ObjectKey, subresource: string, options: CallOptions = {}): Promise<R> {
    return this.#client.json<R>({ method: 'GET', path: objectPath(this.ref, key, subresource), ...options })
  }

  createSubresource<R = KubeObject>(
    key: ObjectKey,
    subresource: string,
    body: KubeObject,
    options: WriteOptions = {},
  ): Promise<R> {
    return this.#subresource<R>('POST', key, subresource, body, options)
  }

  updateSubresource<R = T>(
    key: ObjectKey,
    subresource: string,
    body: KubeObject,
    options: WriteOptions = {},
  ): Promise<R> {
    return this.#subresource<R>('PUT', key, subresource, body, options)
  }

  #subresource<R>(
    method: string,
    key: ObjectKey,
    subresource: string,
    body: KubeObject,
    { signal, ...rest }: WriteOptions,
  ): Promise<R> {
    const path = objectPath(this.ref, key, subresource)
    return this.#client.json<R>({ method, path, query: writeQuery(rest), body: encodeJson(body), signal })
  }

  #write(method: string, path: string, object: T, { signal, ...rest }: WriteOptions): Promise<T> {
    return this.#call({
      method,
      path,
      query: writeQuery(rest),
      body: encodeJson(this.#withType(object)),
      signal,
    })
  }

  async #call(call: ApiCall): Promise<T> {
    return this.#client.json<T>({ ...call, accept: this.#metadataOnly ? METADATA_ONLY : undefined })
  }

  /** Items of lists carry no apiVersion and kind. */
  #withType(object: T): T {
    const { group, version, kind } = this.ref
    if (object.kind !== undefined || kind === undefined || this.#metadataOnly) return object
    return { ...object, apiVersion: apiVersionOf(group, version), kind }
  }
}

async function* eachOf<E>(
  batches: AsyncGenerator<readonly E[], void, undefined>,
): AsyncGenerator<E, void, undefined> {
  for await (const batch of batches) yield* batch
}

function nameOf(object: KubeObject): ObjectKey {
  const { namespace, name } = object.metadata
  assert(name !== undefined && name !== '', 'an object that is written by name has a name')
  return namespace === undefined ? { name } : { namespace, name }
}

function writeQuery({
  fieldManager,
  fieldValidation,
  dryRun,
}: WriteOptions): Record<string, string | undefined> {
  return { fieldManager, fieldValidation, dryRun: dryRun ? 'All' : undefined }
}

function deleteBody({ dryRun, ...options }: DeleteOptions): string {
  return encodeJson({
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...options,
    ...(dryRun ? { dryRun: ['All'] } : {}),
  })
}
