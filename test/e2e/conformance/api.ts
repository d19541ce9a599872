// A control plane and a client's plain requests against it, for the conformance suites: one control plane a file.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before } from 'node:test'
import { startTestControlPlane, type TestControlPlane, type TestOptions } from '@brume/testkit/control-plane'
import { type Answer, type Http, type HttpOptions, httpOf } from '@brume/testkit/http'
import { type OpenWatch, openWatch } from './watching.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind, as a client of any language sees them
export type Json = any

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

/** Controllers write too, but not for ever. */
const MAX_EDITS = 50

export interface Api extends Http {
  /** Each answers the body of an answer that succeeded and fails the test on any other. */
  get(path: string, query?: Record<string, string>): Promise<Json>
  create(path: string, body: object, query?: Record<string, string>): Promise<Json>
  replace(path: string, body: object, query?: Record<string, string>): Promise<Json>
  patch(
    path: string,
    body: object,
    type?: keyof typeof PATCH_TYPES,
    query?: Record<string, string>,
  ): Promise<Json>
  /** Read, change, replace, anew while somebody else was faster. Answers the new object. */
  edit(path: string, change: (object: Json) => void): Promise<Json>
  delete(path: string, body?: object, query?: Record<string, string>): Promise<Json>
  /** Fails the test unless the answer is a Status of this code and reason; returns its message. */
  refused(
    code: number,
    reason: string,
    method: string,
    path: string,
    body?: unknown,
    options?: HttpOptions,
  ): Promise<string>
  /** Its events until it is stopped; every watch of a file is stopped with the control plane. */
  watch(path: string, query?: Record<string, string>): OpenWatch
  /** A new namespace, with its default service account. Answers its name. */
  namespace(labels?: Record<string, string>): Promise<string>
  /** The control plane itself, for what no client can do. */
  plane: TestControlPlane
}

/** A short name that no other test uses. */
export const unique = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex')}`

/** The control plane of this file; usable inside its tests only. */
export function conformanceApi(options: TestOptions = {}): Api {
  let plane: TestControlPlane | undefined
  const watches: OpenWatch[] = []
  before(async () => {
    plane = await startTestControlPlane(options)
  })
  after(async () => {
    for (const watch of watches) watch.stop()
    await plane?.stop()
  })
  const running = () => {
    assert.ok(plane, 'the control plane has started')
    return plane
  }
  const send: Http['send'] = (...request) => httpOf(running()).send(...request)
  const succeed = async (method: string, path: string, body?: unknown, options?: HttpOptions) => {
    const answer = await send(method, path, body, options)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text.slice(0, 2000)}`)
    return answer.body
  }
  const api: Api = {
    send,
    get plane() {
      return running()
    },
    get: (path, query = {}) => succeed('GET', path, undefined, { query }),
    create: (path, body, query = {}) => succeed('POST', path, body, { query }),
    replace: (path, body, query = {}) => succeed('PUT', path, body, { query }),
    patch: (path, body, type = 'merge', query = {}) =>
      succeed('PATCH', path, body, { query, contentType: PATCH_TYPES[type] }),
    async edit(path, change) {
      for (let attempt = 1; ; attempt++) {
        const object = await api.get(path)
        change(object)
        const answer = await send('PUT', path, object)
        if (answer.status === 200) return answer.body
        const lost = answer.status === 409 && attempt < MAX_EDITS
        assert.ok(lost, `PUT ${path}: ${answer.status} ${answer.text.slice(0, 2000)}`)
      }
    },
    delete: (path, body, query = {}) => succeed('DELETE', path, body, { query }),
    async refused(code, reason, method, path, body, options) {
      const answer = await send(method, path, body, options)
      assertRefused(answer, code, reason, `${method} ${path}`)
      return answer.body.message
    },
    watch(path, query) {
      const watch = openWatch(running().client.transport, path, query)
      watches.push(watch)
      return watch
    },
    async namespace(labels = {}) {
      const name = unique('ns')
      await api.create('/api/v1/namespaces', { metadata: { name, labels } })
      return name
    },
  }
  return api
}

export function assertRefused(answer: Answer, code: number, reason: string, what: string): void {
  assert.equal(answer.status, code, `${what}: ${answer.status} ${answer.text.slice(0, 2000)}`)
  assert.equal(answer.body.kind, 'Status', what)
  assert.equal(answer.body.status, 'Failure', what)
  assert.equal(answer.body.code, code, what)
  assert.equal(answer.body.reason, reason, what)
}
