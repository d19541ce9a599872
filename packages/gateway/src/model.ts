// What the edge serves, in its own words: neither Ingress nor Gateway API, which both become this, and nothing of HAProxy,
// which is made of it. Plain data: equal models make equal configurations.

import type { KubeObject } from '@brume/api/object'

/** A port that is listened on. Routes name the ports that they are reached at. */
export interface Listener {
  port: number
  /** `tls` passes the connection on by the name in its hello, unopened; `opened-tls` passes on what is in it; `tcp` by the port
   * alone. */
  protocol: 'http' | 'https' | 'tls' | 'opened-tls' | 'tcp'
}

export interface Model {
  listeners: Listener[]
  routes: HttpRoute[]
  streams: StreamRoute[]
  certificates: Certificate[]
  /** Of hosts, by namespaces that have routes there. */
  claims: Claim[]
}

export interface Claim {
  /** In lower case, as in routes; never ''. */
  host: string
  namespace: string
  /** As in routes: the older first. */
  order: string
}

/** One way in to a rule. Of several that match a request the first wins of: the longest host, exact path, longest prefix,
 * regular expression, method, most headers, most query parameters, `order`. */
export interface HttpRoute {
  ports: readonly number[]
  /** In lower case; `*.example.org` for its subdomains; '' for any host. */
  host: string
  /** A wildcard stands for one label alone (Ingress), and not for several (Gateway API). */
  oneLabel?: boolean
  path: { type: 'exact' | 'prefix' | 'regex'; value: string }
  method: string | undefined
  headers: readonly ValueMatch[]
  query: readonly ValueMatch[]
  /** Sorts as text: the older object first, then namespace/name and the place in it. */
  order: string
  rule: Rule
}

export interface ValueMatch {
  name: string
  value: string
  regex: boolean
}

/** What happens to a request. Routes may share one. */
export interface Rule {
  /** Unique and stable over changes of what is in it: `ingress/NAMESPACE/NAME/...`, `httproute/NAMESPACE/NAME/0`. */
  id: string
  redirect: Redirect | undefined
  /** The edge itself says this, to whoever passes what the rule asks of clients. */
  answer?: Answer
  /** Weighted; none: 500. Not looked at with a redirect or an answer. */
  targets: readonly Target[]
  requestHeaders: HeaderChanges
  responseHeaders: HeaderChanges
  rewrite: Rewrite | undefined
  /** For the whole answer, and for one try of a backend. */
  timeoutMs: { request: number | undefined; backend: number | undefined }
  retries: { attempts: number; on: readonly RetryReason[] } | undefined
  /** More than this from one address: 429. */
  rateLimit: { requests: number; perSeconds: number; burst: number } | undefined
  /** Only these may come in. */
  basicAuth: { realm: string; users: readonly { name: string; hash: string }[] } | undefined
  /** A client stays with the server that answered it first, known by a cookie of this name. */
  affinity?: { cookie: string } | undefined
  /** Only from these ranges: 403 for others. Empty: from everywhere. */
  allowFrom: readonly string[]
  maxBodyBytes: number | undefined
  /** Whose pages may read its answers; undefined: that is its servers' business. */
  cors?: Cors | undefined
}

export interface Cors {
  /** `https://www.example`, with `*` for any labels of the host; `*` for all. */
  origins: readonly string[]
  credentials: boolean
  /** `*` for all, in each. */
  methods: readonly string[]
  headers: readonly string[]
  expose: readonly string[]
  /** How long a browser remembers what it was told. */
  maxAgeSeconds: number
}

export interface Answer {
  status: number
  contentType: string
  body: string
}

export type RetryReason = 'conn-failure' | 'empty-response' | 'response-timeout' | `${number}`

export interface HeaderChanges {
  set: readonly Header[]
  add: readonly Header[]
  remove: readonly string[]
}

export interface Header {
  name: string
  value: string
}

export interface Redirect {
  scheme: 'http' | 'https' | undefined
  host: string | undefined
  port: number | undefined
  path: PathChange | undefined
  code: 301 | 302 | 303 | 307 | 308
}

export interface Rewrite {
  host: string | undefined
  path: PathChange | undefined
}

/** The whole path, or the prefix that matched. */
export type PathChange = { type: 'full'; value: string } | { type: 'prefix'; from: string; value: string }

/** A Service's port, with its share of the requests. */
export interface Target {
  backend: BackendRef
  weight: number
  protocol: 'http' | 'h2c' | 'https'
  /** With `https`, and for streams: its certificate is checked. */
  tls?: BackendTls
  /** Of its share of the requests alone, after those of the rule, and of its answers, before. */
  requestHeaders?: HeaderChanges
  responseHeaders?: HeaderChanges
  /** The reference itself is not good (unknown kind, not permitted): its share is answered with 500 and this sentence. */
  problem?: string
}

export interface BackendTls {
  /** Whose certificates are good: of these CAs, as PEM, or of those that the machine trusts. */
  authority: string | 'system'
  /** Asked for in the hello, and to be in the certificate. */
  hostname: string
}

export interface BackendRef {
  namespace: string
  service: string
  /** Name or number of the Service's port; '' for its only one. */
  port: string
}

/** TLS by the name in its hello (host as in HttpRoute), TCP by the port alone (host ''). */
export interface StreamRoute {
  ports: readonly number[]
  host: string
  id: string
  order: string
  targets: readonly Target[]
}

export interface Certificate {
  namespace: string
  secret: string
  /** None: for whatever name is in it. */
  hosts: readonly string[]
  /** Who wants it shown; undefined: nobody is asked. */
  by?: { object: KubeObject; order: string }
}

/** What a rule is that asks for nothing but its targets. */
export const PLAIN_RULE: Omit<Rule, 'id' | 'targets'> = {
  redirect: undefined,
  requestHeaders: { set: [], add: [], remove: [] },
  responseHeaders: { set: [], add: [], remove: [] },
  rewrite: undefined,
  timeoutMs: { request: undefined, backend: undefined },
  retries: undefined,
  rateLimit: undefined,
  basicAuth: undefined,
  allowFrom: [],
  maxBodyBytes: undefined,
}

export function emptyModel(): Model {
  return { listeners: [], routes: [], streams: [], certificates: [], claims: [] }
}
