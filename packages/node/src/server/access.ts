// Who besides the API server may read the agent's figures: whoever has a token or a certificate of the cloud and the
// right to `get` the node's subresource, as with a kubelet (authentication and authorization by webhook). The API server
// is asked, and its answer kept for a moment. Streams and logs are not to be had this way.

import { createHash } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Client } from '@brume/client/client'
import { AgentError } from './agent-error.ts'

export interface Asker {
  /** From a verified client certificate. */
  certificate?: { name: string; groups: readonly string[] } | undefined
  /** Of the Authorization header. */
  token?: string | undefined
}

export interface Access {
  /** Throws AgentError 401, 403, or 429 while too many are being asked about. */
  check(asker: Asker, path: string): Promise<void>
}

const ALLOWED_MS = 60_000
const DENIED_MS = 10_000
const MAX_KNOWN = 1000
const MAX_ASKED = 16

const TOKEN_REVIEWS = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
}
const ACCESS_REVIEWS = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
}

interface User {
  username: string
  uid?: string
  groups?: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

interface Verdict {
  /** undefined: allowed. */
  refusal: { status: number; message: string } | undefined
  until: number
}

export function delegatedAccess({
  client,
  nodeName,
  clock,
}: {
  client: Client
  nodeName: string
  clock: Clock
}): Access {
  const known = new Map<string, Verdict>()
  let asked = 0

  const userOf = async ({ certificate, token }: Asker): Promise<User | undefined> => {
    if (token === undefined) {
      if (certificate === undefined) return undefined
      return { username: certificate.name, groups: [...certificate.groups, 'system:authenticated'] }
    }
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: { token },
    }
    const { status } = await client.resource<KubeObject>(TOKEN_REVIEWS).create(review)
    return status?.authenticated === true ? (status.user as User) : undefined
  }
  const judge = async (asker: Asker, subresource: string): Promise<Verdict['refusal']> => {
    const user = await userOf(asker)
    if (user === undefined) return { status: 401, message: 'Unauthorized' }
    const { username, uid, groups, extra } = user
    const resourceAttributes = { verb: 'get', version: 'v1', resource: 'nodes', subresource, name: nodeName }
    const { status } = await client.resource<KubeObject>(ACCESS_REVIEWS).create({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: { user: username, uid, groups, extra, resourceAttributes },
    })
    if (status?.allowed === true) return undefined
    const what = `user=${username}, verb=get, resource=nodes, subresource=${subresource}`
    return { status: 403, message: `Forbidden (${what})` }
  }
  const verdictOf = async (asker: Asker, subresource: string): Promise<Verdict> => {
    const key = keyOf(asker, subresource)
    const before = known.get(key)
    if (before !== undefined && before.until > clock.now()) return before
    if (asked >= MAX_ASKED) throw new AgentError(429, 'too many are being asked about: come back in a moment')
    asked++
    try {
      const refusal = await judge(asker, subresource)
      const verdict = { refusal, until: clock.now() + (refusal === undefined ? ALLOWED_MS : DENIED_MS) }
      known.delete(key)
      if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value!)
      known.set(key, verdict)
      return verdict
    } finally {
      asked--
    }
  }
  return {
    async check(asker, path) {
      if (asker.token === undefined && asker.certificate === undefined)
        throw new AgentError(401, 'Unauthorized')
      const { refusal } = await verdictOf(asker, subresourceOf(path))
      if (refusal !== undefined) throw new AgentError(refusal.status, refusal.message)
    },
  }
}

/** Tokens are not kept. */
function keyOf({ token, certificate }: Asker, subresource: string): string {
  const who = token ?? JSON.stringify(certificate)
  return createHash('sha256')
    .update(`${token === undefined}\0${subresource}\0${who}`)
    .digest('base64')
}

/** The kubelet's. */
function subresourceOf(path: string): string {
  if (/^\/stats(\/|$)/.test(path)) return 'stats'
  return /^\/metrics(\/|$)/.test(path) ? 'metrics' : 'proxy'
}
