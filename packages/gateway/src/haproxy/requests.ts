// What a request has to be before its route is looked for, and what of it is read: one host, one way to write a path, and
// nothing said of the client by the client itself. Pure. Rules of paths decide who may come in, so that a server must not
// find another path in a request than the edge did.

import { word } from './text.ts'

/** As it is looked up: in lower case, without port or last dot. */
const PLAIN_HOST = '^[a-z0-9_.-]*[a-z0-9_-]$'
const HOST = '^([a-z0-9_.-]*|\\[[0-9a-f:.]+\\])(:[0-9]*)?$'
const NO_CODE = '%(?![0-9a-fA-F]{2})'
/** Elements `.` and `..` that are left where RFC 3986's are gone: some servers see them behind encoded slashes,
 * backslashes and before parameters. */
const HIDDEN_DOTS = '(/|%2f|\\\\|%5c)[.][.]?(/|%2f|\\\\|%5c|;|$)'
/** Servers behind may believe them, or what they lead to; some read `_` as `-`. */
const OF_CLIENTS = '^(x[-_]forwarded[-_].*|x[-_]real[-_]ip|forwarded|http2-settings)$'
const UNRESERVED = /[A-Za-z0-9._~-]/

/**
 * txn.host: without port, in lower case. txn.path: as `readPath` writes it. Most hosts and paths have one spelling only,
 * which is seen once: each line that is gone through is a part of every request's time.
 */
export function readingLines(): string[] {
  const strange = '{ var(txn.strange) -m found }'
  const query = '{ var(txn.query) -m found }'
  return [
    'http-request set-var(txn.host) req.fhdr(host),lower',
    `http-request set-var(txn.strange) bool(true) if !{ var(txn.host) -m reg ${word(PLAIN_HOST)} }`,
    refuse(
      400,
      'the host is no name of a host',
      `${strange} { req.fhdr(host) -m found } !{ req.fhdr(host) -m reg -i ${word(HOST)} }`,
    ),
    `http-request set-var(txn.host) ${word('var(txn.host),regsub("[.]?(:[0-9]*)?$",)')} if ${strange}`,
    '# The same path in another spelling (RFC 3986, section 6.2.2); what is asked of it stays as it was written.',
    // Once: they change it.
    `http-request set-var(txn.odd) bool(true) if { path -m sub -- % // /. ${word('\\')} }`,
    'acl odd var(txn.odd) -m found',
    refuse(400, 'a % in the path begins no code', `odd { path -m reg ${word(NO_CODE)} }`),
    'http-request set-var(txn.query) query if odd { query -m sub % }',
    `http-request set-pathq %[path] if odd ${query}`,
    // HAProxy 2.6 does something else with those two under a condition, but for `strict`.
    'http-request normalize-uri percent-decode-unreserved strict if odd',
    'http-request normalize-uri percent-to-uppercase strict if odd',
    'http-request normalize-uri path-strip-dot if odd',
    'http-request normalize-uri path-strip-dotdot full if odd',
    `http-request set-query %[var(txn.query)] if odd ${query}`,
    'http-request set-var(txn.path) path',
    `http-request set-var(txn.path) ${word('path,regsub(%2F,/,g),regsub(//+,/,g)')} if odd`,
    refuse(400, 'the path hides where it leads', `odd { path -m reg -i ${word(HIDDEN_DOTS)} }`),
    // Whole connections are not for routes of requests.
    refuse(405, 'tunnels are not opened here', '{ method CONNECT }'),
  ]
}

/** What a client says of itself, and what would keep the next proxy from hearing what the edge says. */
export function clientLines(scheme: 'http' | 'https'): string[] {
  const upgrade = '{ req.hdr(connection) -m str -i upgrade }'
  return [
    `http-request del-header ${word(OF_CLIENTS)} -m reg`,
    // There are none any more.
    'http-request add-header X-Forwarded-For %[src]',
    `http-request add-header X-Forwarded-Proto ${scheme}`,
    'http-request add-header X-Forwarded-Host %[req.fhdr(host)]',
    '# Behind HTTP/2 without TLS there would be requests that nobody here sees.',
    'http-request del-header Upgrade if { req.hdr(upgrade) -m beg -i h2c }',
    `http-request set-header Connection upgrade if ${upgrade}`,
    `http-request del-header Connection if !${upgrade}`,
  ]
}

/** A route's path as those of requests are read. */
export function readPath(path: string): string {
  return path.replaceAll(/[^\0-\x7f]+/gu, encodeURIComponent).replaceAll(/%[0-9a-f]{2}/gi, (code) => {
    const char = String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return UNRESERVED.test(char) ? char : code.toUpperCase()
  })
}

function refuse(status: number, why: string, condition: string): string {
  return `http-request return status ${status} content-type text/plain string ${word(why)}\\n if ${condition}`
}
