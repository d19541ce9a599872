// Whose pages may read answers across origins: the questions that browsers ask beforehand are answered here, and answers
// say for whom they are. Pure. Source: the Fetch standard, "CORS protocol", and the Gateway API's "HTTPCORSFilter".

import type { Cors } from '../model.ts'
import { say, word } from './text.ts'

const ANY = '*'
/** Of an origin's host, any number of labels. */
const LABELS = '[a-z0-9._-]+'
const USUAL_PORT: Readonly<Record<string, string>> = { http: ':80', https: ':443' }

/** In the rule's backend, behind who may come in at all. */
export function corsLines(cors: Cors | undefined): string[] {
  if (cors === undefined) return []
  const set = (name: string, value: string, condition: string) =>
    `http-after-response set-header Access-Control-${name} ${value} if ${condition}`
  const { credentials, methods, headers, maxAgeSeconds } = cors
  // With credentials `*` stands for itself, and would allow nobody.
  const expose = credentials ? cors.expose.filter((name) => name !== ANY) : cors.expose
  return [
    ...originLines(cors.origins),
    'http-request set-var(txn.origin) req.fhdr(origin) if origin',
    'acl allowed-origin var(txn.origin) -m found',
    'acl asks-before var(txn.asks) -m found',
    'http-request set-var(txn.asks) req.fhdr(access-control-request-method) if METH_OPTIONS { req.fhdr(origin) -m found }',
    ...(headers.includes(ANY)
      ? ['http-request set-var(txn.asks_headers) req.fhdr(access-control-request-headers) if asks-before']
      : []),
    // What a server behind says of it would be beside what the rule says.
    'http-response del-header Access-Control- -m beg',
    set('Allow-Origin', '%[var(txn.origin)]', 'allowed-origin'),
    'http-after-response add-header Vary Origin',
    ...(credentials ? [set('Allow-Credentials', 'true', 'allowed-origin')] : []),
    ...(expose.length === 0 ? [] : [set('Expose-Headers', word(expose.join(', ')), 'allowed-origin')]),
    ...(methods.includes(ANY)
      ? [set('Allow-Methods', '%[var(txn.asks)]', 'allowed-origin asks-before')]
      : methods.length === 0
        ? []
        : [set('Allow-Methods', word(methods.join(', ')), 'allowed-origin asks-before')]),
    ...(headers.includes(ANY)
      ? [
          set(
            'Allow-Headers',
            '%[var(txn.asks_headers)]',
            'allowed-origin { var(txn.asks_headers) -m found }',
          ),
        ]
      : headers.length === 0
        ? []
        : [set('Allow-Headers', word(headers.join(', ')), 'allowed-origin asks-before')]),
    set('Max-Age', `${maxAgeSeconds}`, 'allowed-origin asks-before'),
    'http-request return status 204 if asks-before allowed-origin',
    say(403, 'this route is not for pages of your origin', 'asks-before'),
  ]
}

/** The condition `origin`: the request's is one of them. */
function originLines(origins: readonly string[]): string[] {
  if (origins.includes(ANY)) return ['acl origin req.fhdr(origin) -m found']
  const known = origins.map(withoutUsualPort)
  const exact = known.filter((origin) => !origin.includes(ANY))
  const patterns = known.filter((origin) => origin.includes(ANY)).map(patternOf)
  return [
    // Nobody's, where there is none.
    `acl origin always_false`,
    ...exact.map((origin) => `acl origin req.fhdr(origin) -m str -i -- ${word(origin)}`),
    ...patterns.map((pattern) => `acl origin req.fhdr(origin) -m reg -i -- ${word(pattern)}`),
  ]
}

/** Browsers leave it out. */
function withoutUsualPort(origin: string): string {
  const usual = USUAL_PORT[origin.split(':')[0]!.toLowerCase()]
  return usual !== undefined && origin.endsWith(usual) ? origin.slice(0, -usual.length) : origin
}

function patternOf(origin: string): string {
  const parts = origin.split(ANY).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return `^${parts.join(LABELS)}$`
}
